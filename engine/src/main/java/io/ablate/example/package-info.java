/** The examples to attribute: readers, preprocessing, labels. */
@org.jspecify.annotations.NullMarked
package io.ablate.example;
