package io.ablate.component;

/**
 * A node whose output channels can be ablated one by one.
 *
 * @param node name of the node, as {@code OnnxGraph.nameOf} gives it
 * @param tensor name of the stored weight tensor
 * @param weightAxis axis of the stored tensor that counts the channels; −1 where a reshape lies
 *     between the tensor and its use
 * @param kind what one channel is
 * @param channels number of output channels
 */
public record Site(String node, String tensor, int weightAxis, ComponentKind kind, int channels) {}
