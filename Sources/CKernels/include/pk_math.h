/* Elementary functions for code that may not call libm (the small runtime) or must not depend on it (files whose
 * bytes are equal on every machine). Plain IEEE arithmetic without fused operations: equal bits everywhere. */
#ifndef PK_MATH_H
#define PK_MATH_H

#include <stdint.h>

float pk_expf(float x);   /* within 2 ulp; results below the smallest normal number are 0 */
float pk_exp2f(float x);  /* within 2.5 ulp, for |x| ≤ 126 only */
float pk_sqrtf(float x);  /* correctly rounded */
double pk_sqrt(double x); /* correctly rounded */
double pk_log2(double x); /* within 4 ulp, for finite normal x > 0 */
float pk_floorf(float x);
double pk_floor(double x);
float pk_roundf(float x); /* to an integer, half to even */
double pk_round(double x); /* to an integer, half to even */

float pk_f16_to_f32(uint16_t bits);
uint16_t pk_f32_to_f16(float value); /* half to even; too large becomes infinite */
float pk_bf16_to_f32(uint16_t bits);
uint16_t pk_f32_to_bf16(float value); /* half to even */

#endif
