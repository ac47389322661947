// Operators of our own on the CPU, for what ATen needs several passes over memory. All take and give float32, contiguous.
#pragma once

#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>

#include <tuple>

namespace simvlm {

/** Makes them known to the dispatcher as `simvlm::…`; once a process. */
void registerFusedOperators();

// Activations (activations.h, fused_activation.cc).
/** activation(z); `activation` is not 0, which is none. */
at::Tensor activated(const at::Tensor& z, int64_t activation);
/** [R, O]: the gradient by z, and its sum over the rows, [O]. */
std::tuple<at::Tensor, at::Tensor> activatedBackward(const at::Tensor& dy, const at::Tensor& z, int64_t activation);
/** Σ over the rows of [R, O]. */
at::Tensor columnSums(const at::Tensor& x);

// Norms (fused_layer_norm.cc, fused_group_norm.cc).
/** [R, D] → y, mean [R], 1 / deviation [R]. */
std::tuple<at::Tensor, at::Tensor, at::Tensor> layerNorm(const at::Tensor& x, const at::Tensor& gamma,
                                                         const at::Tensor& beta, double epsilon);
/** [B, P, C] → y, mean [B, G], 1 / deviation [B, G]. */
std::tuple<at::Tensor, at::Tensor, at::Tensor> groupNorm(const at::Tensor& x, const at::Tensor& gamma,
                                                         const at::Tensor& beta, int64_t groups,
                                                         double epsilon, bool relu);
/** dx, dgamma [C], dbeta [C]. */
std::tuple<at::Tensor, at::Tensor, at::Tensor> groupNormBackward(const at::Tensor& dy, const at::Tensor& x,
                                                                 const at::Tensor& mean,
                                                                 const at::Tensor& rstd,
                                                                 const at::Tensor& gamma,
                                                                 const at::Tensor& beta, bool relu);
/** √Σx² over all numbers of all tensors, summed in float64. */
at::Tensor globalNorm(at::TensorList tensors);

// Softmax (fused_softmax.cc).
/** Scores q·k [B, H, Q, K] become attention weights, in place; gives log Σ exp [B, H, Q]. `bias` [H, N, N] of the first N
 * queries and keys, or none, is added to the scaled scores. */
at::Tensor attentionWeights(at::Tensor& scores, const at::Tensor& keyLengths, const at::Tensor& prefixLengths,
                            int64_t offset, double scale, at::TensorList bias);
/** The gradient by weights p becomes that by unscaled scores, in place. */
at::Tensor& attentionWeightsBackward(at::Tensor& dp, const at::Tensor& p, double scale);
/** [R, V] → [R]. */
at::Tensor logSumExp(const at::Tensor& x);
/** scale · (softmax(x) − target), where the target has 1 − smoothing at the label and smoothing / V everywhere. */
at::Tensor crossEntropyBackward(const at::Tensor& x, const at::Tensor& lse, const at::Tensor& scale,
                                const at::Tensor& labels, double smoothing);

/** A step of the optimiser, which overwrites all but the gradients (fused_adamw.cc). */
void adamw(at::TensorList params, at::TensorList grads, at::TensorList m, at::TensorList v,
           const c10::List<double>& decays, const at::Tensor& learningRate, const at::Tensor& step,
           const at::Tensor& gradScale, double beta1, double beta2, double epsilon);

}  // namespace simvlm
