package io.ablate.dataset;

/**
 * Logits of some rows of a store.
 *
 * @param classes number of classes
 * @param labels one per example: the class that its output is about
 * @param values per example, rows × classes
 */
public record StoredLogits(int classes, int[] labels, float[][] values) {}
