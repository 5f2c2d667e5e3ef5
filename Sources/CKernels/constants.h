/* Coefficients of the elementary functions, shared by the scalar and the wide definitions. Fitted with the Remez
 * exchange algorithm in 40 digits (relative error for exp, absolute for erf), then rounded to FP32. */
#ifndef PK_CONSTANTS_H
#define PK_CONSTANTS_H

/* exp(x) = 2^n · exp(r), n = round(x / ln 2), r = x − n · ln 2 in [-0.35, 0.35].
 * ln 2 is split so that n · PK_LN2_HIGH is exact: its last 12 bits are zero. */
#define PK_EXP_LOW -87.33654f /* below: the result is not a normal number */
#define PK_EXP_HIGH 89.0f     /* above: infinite */
#define PK_EXP_FINITE 88.0f   /* up to here n ≤ 127, so that 2^n is a number */
#define PK_LOG2_E 0x1.715476p+0f
#define PK_LN2_HIGH 0x1.62e000p-1f
#define PK_LN2_LOW 0x1.0bfbe8p-15f
/* exp(r) = 1 + (r + r² · P(r)), |error| < 4e-9. */
#define PK_EXP_P0 0x1.fffffcp-2f
#define PK_EXP_P1 0x1.55548ap-3f
#define PK_EXP_P2 0x1.555916p-5f
#define PK_EXP_P3 0x1.123fc6p-7f
#define PK_EXP_P4 0x1.6a1a72p-10f

/* |x| < 1: erf(x) = x + x · A(x²), |error| < 2e-9 before rounding. */
#define PK_ERF_A0 0x1.06eba8p-3f
#define PK_ERF_A1 -0x1.81273ep-2f
#define PK_ERF_A2 0x1.ce2d20p-4f
#define PK_ERF_A3 -0x1.b7fbb4p-6f
#define PK_ERF_A4 0x1.5419f6p-8f
#define PK_ERF_A5 -0x1.a485ecp-11f
#define PK_ERF_A6 0x1.4ae4d0p-14f
/* 1 ≤ |x| ≤ 4: erf(x) = 1 − exp(−B(x)); beyond 4 it rounds to 1. */
#define PK_ERF_B0 0x1.72e9aap-12f
#define PK_ERF_B1 0x1.2085b2p+0f
#define PK_ERF_B2 0x1.46c586p-1f
#define PK_ERF_B3 0x1.a60a70p-4f
#define PK_ERF_B4 -0x1.6541fcp-6f
#define PK_ERF_B5 0x1.814c8cp-9f
#define PK_ERF_B6 -0x1.852cc2p-13f

#define PK_SQRT_HALF 0x1.6a09e6p-1f
/* tanh form of GELU: x / (1 + exp(x · (C1 + C3 · x²))), C1 = −2√(2/π), C3 = 0.044715 · C1. */
#define PK_GELU_TANH_C1 -1.5957691216057308f
#define PK_GELU_TANH_C3 -0.07135481627260025f

/* Activations whose largest magnitude is below this count as zero: 127 / magnitude would overflow. */
#define PK_QUANTIZATION_FLOOR 0x1p-100f

/* Activations of two bytes. */
#define PK_U16_ZERO_POINT 32768
#define PK_U16_LARGEST 32767

#endif
