// Functions of whole arrays, in the widest vectors that the CPU has. Arrays may be the same.
//
// Within a few units in the last place of float32. What is not a number stays so.

#ifndef SOTTO_NEURON_HOST_KERNELS_VECTOR_MATH_H_
#define SOTTO_NEURON_HOST_KERNELS_VECTOR_MATH_H_

#include <cstddef>
#include <cstdint>

namespace sotto::neuron {

void RoundToFloat16(const float* x, float* y, size_t n);
void Tanh(const float* x, float* y, size_t n);
void Logistic(const float* x, float* y, size_t n);
void GeluTanh(const float* x, float* y, size_t n);
void GeluErf(const float* x, float* y, size_t n);
// One row: exp(beta x) by the sum of all.
void Softmax(const float* x, float* y, size_t n, float beta);
void Sum(const float* x, size_t n, float* sum);

// Integers as the numbers they stand for, and back: to the nearest, ties to even, within
// [min, max], which are integers of the type.
void Dequantize(const int8_t* x, float* y, size_t n, float scale, float zero_point);
void Dequantize(const uint8_t* x, float* y, size_t n, float scale, float zero_point);
void Dequantize(const int16_t* x, float* y, size_t n, float scale, float zero_point);
void Quantize(const float* x, int8_t* y, size_t n, float scale, float zero_point, float min,
              float max);
void Quantize(const float* x, uint8_t* y, size_t n, float scale, float zero_point, float min,
              float max);
void Quantize(const float* x, int16_t* y, size_t n, float scale, float zero_point, float min,
              float max);

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_VECTOR_MATH_H_
