// Operators of our own for a step of decoding on the CPU, where ATen's pass over memory, dispatch and wait for one another too often for
// so little work. All take and give float32.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <tuple>

namespace simvlm {

/** `c10::optional` or `std::optional`: libtorch changed from the one to the other. */
using OptionalTensor = decltype(c10::IValue().toOptional<at::Tensor>());

/** Makes them known to the dispatcher as `simvlm::…`; once a process. */
void registerDecodingOperators();

/** residual + activation(norm(x) · w + bias) of a few rows, [R, O]; x [R, I], w [I, O] or transposed (decode_linear.cc). */
at::Tensor decodeLinear(const at::Tensor& x, const at::Tensor& w, const OptionalTensor& bias,
                        const OptionalTensor& gamma, const OptionalTensor& beta,
                        const OptionalTensor& residual, int64_t activation, bool transposed, double epsilon);

// Matrices of integers (quantized_linear.cc): packed int32[O, ⌈I · bits / 32⌉], scales [O, ⌈I / group⌉]; how numbers lie in a word, see
// `QuantizedMatrix` of @simvlm/core.
/** residual + activation(norm(x) · Wᵀ + bias), [R, O], of any number of rows x [R, I]. */
at::Tensor quantizedLinear(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& scales,
                           const OptionalTensor& bias, const OptionalTensor& gamma, const OptionalTensor& beta,
                           const OptionalTensor& residual, int64_t activation, int64_t bits, int64_t group,
                           double epsilon);
/** Its numbers, [O, I]. */
at::Tensor dequantize(const at::Tensor& packed, const at::Tensor& scales, int64_t inputs, int64_t bits,
                      int64_t group);

/** Attention of a few queries under the mask rule, [B, Q, H, d], and log Σ exp, [B, H, Q] (decode_attention.cc). */
std::tuple<at::Tensor, at::Tensor> decodeAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                                   const at::Tensor& keyLengths, const at::Tensor& prefixLengths,
                                                   int64_t offset, double scale);
/** Writes to a cache [B, T, H, d] in place: token t of row b to place positions[b] + t, if there is one. */
at::Tensor& cacheWrite(at::Tensor& cache, const at::Tensor& update, const at::Tensor& positions);

}  // namespace simvlm
