package io.ablate.component;

/**
 * One maskable output channel of one node.
 *
 * @param node name of the node (its first output where the node has no name)
 * @param tensor name of the weight tensor
 * @param index output channel, from 0
 */
public record Slice(String node, String tensor, int index) {}
