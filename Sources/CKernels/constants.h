/* Coefficients of the elementary functions, shared by the scalar and the wide definitions. Fitted with the Remez
 * exchange algorithm in 40 digits (relative error for exp and 2^x), then rounded to FP32. */
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

/* 2^x = 2^n · P(x − n), n = round(x), |relative error of P| < 9.4e-8. P(0) = 1 is exact: GELU of small x is close to x / 2.
 * Up to this magnitude 2^n is a normal number. */
#define PK_EXP2_LARGEST 126.0f
#define PK_EXP2_P0 1.0f
#define PK_EXP2_P1 0x1.62e42ap-1f
#define PK_EXP2_P2 0x1.ebf9c2p-3f
#define PK_EXP2_P3 0x1.c6b6d8p-5f
#define PK_EXP2_P4 0x1.3ce8b0p-7f
#define PK_EXP2_P5 0x1.5bda96p-10f

/* Quick GELU: x / (1 + 2^(C1 · x)), C1 = −1.702 · log2 e. */
#define PK_QUICK_GELU_C1 -2.4554669595930156f
/* tanh form of GELU: x / (1 + 2^(x · (C1 + C3 · x²))), C1 = −2√(2/π) · log2 e, C3 = 0.044715 · C1. */
#define PK_GELU_TANH_C1 -2.302208198144325f
#define PK_GELU_TANH_C3 -0.1029432395800235f
/* GELU: max(x, 0) − a · 2^B(a), a = |x|, B(a) ≈ log2(erfc(a / √2) / 2), so that the error of a · 2^B(a) is below 1e-8. */
#define PK_GELU_B0 -1.0f
#define PK_GELU_B1 -0x1.26af26p+0f
#define PK_GELU_B2 -0x1.d6303cp-2f
#define PK_GELU_B3 -0x1.af010cp-5f
#define PK_GELU_B4 0x1.d9af70p-8f
#define PK_GELU_B5 -0x1.115b54p-12f
#define PK_GELU_B6 -0x1.1c4950p-13f
#define PK_GELU_B7 0x1.e3720ep-16f
#define PK_GELU_B8 -0x1.06e5a4p-19f

/* Activations whose largest magnitude is below this count as zero: 127 / magnitude would overflow. */
#define PK_QUANTIZATION_FLOOR 0x1p-100f

/* Activations of two bytes. */
#define PK_U16_ZERO_POINT 32768
#define PK_U16_LARGEST 32767

#endif
