package io.ablate.onednn;

/** Constants of oneDNN 3 (dnnl_types.h, dnnl_common_types.h) that are used. */
final class Const {
  static final int CPU = 1;
  static final int IN_ORDER = 1;

  static final int FORWARD_TRAINING = 64;
  static final int FORWARD_INFERENCE = 96;
  static final int SCRATCHPAD_OF_USER = 1;

  static final int BF16 = 2;
  static final int F32 = 3;

  static final int TAG_ANY = 1;
  static final int TAG_A = 2;
  static final int TAG_AB = 3;
  static final int TAG_ABCD = 5;

  /** Channels innermost. */
  static final int TAG_ACDB = 22;

  static final int CONVOLUTION_DIRECT = 0x1;
  static final int POOLING_MAX = 0x1ff;
  static final int POOLING_AVG_INCLUDE_PADDING = 0x2ff;
  static final int POOLING_AVG_EXCLUDE_PADDING = 0x3ff;

  static final int BINARY_ADD = 0x1fff0;
  static final int BINARY_MUL = 0x1fff1;
  static final int BINARY_DIV = 0x1fff4;
  static final int BINARY_SUB = 0x1fff5;

  static final int ELTWISE_RELU = 0x20;
  static final int ELTWISE_TANH = 0x21;
  static final int ELTWISE_ELU = 0x22;
  static final int ELTWISE_LINEAR = 0x26;
  static final int ELTWISE_SOFT_RELU = 0x27;
  static final int ELTWISE_HARDSIGMOID = 0x28;
  static final int ELTWISE_LOGISTIC = 0x29;
  static final int ELTWISE_GELU_TANH = 0x2b;
  static final int ELTWISE_CLIP = 0x2e;
  static final int ELTWISE_GELU_ERF = 0x31;
  static final int ELTWISE_HARDSWISH = 0x34;

  static final int ARG_SRC = 1;
  static final int ARG_SRC_1 = 2;
  static final int ARG_DST = 17;
  static final int ARG_WEIGHTS = 33;
  static final int ARG_BIAS = 41;
  static final int ARG_WORKSPACE = 64;
  static final int ARG_SCRATCHPAD = 80;
  static final int ARG_DIFF_SRC = 129;
  static final int ARG_DIFF_DST = 145;
  static final int ARG_MULTIPLE_SRC = 1024;
  static final int ARG_POST_OP = 0x8000;

  static final int QUERY_IMPLEMENTATION = 8;
  static final int QUERY_WEIGHTS_MD = 131;
  static final int QUERY_WORKSPACE_MD = 135;
  static final int QUERY_SCRATCHPAD_MD = 136;

  static final int ISA_AVX2 = 0x7;

  /** AVX2 with conversions from bfloat16. */
  static final int ISA_AVX2_BF16 = 0x1f;

  static final int ISA_AVX512 = 0x27;

  /** AVX-512 with its products of bfloat16; processors with AMX have them too. */
  static final int ISA_AVX512_BF16 = 0xe7;

  private Const() {}
}
