#include "fused.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

namespace simvlm {

void registerFusedOperators() {
  // A process may load two addons, such as one that a test has built anew; operators are the process's.
  static const bool known = c10::Dispatcher::singleton().findSchema({"simvlm::activated", ""}).has_value();
  if (known) return;
  // Never destroyed: that would take the operators back.
  static auto* const library = [] {
    auto* made = new torch::Library(torch::Library::FRAGMENT, "simvlm", {}, __FILE__, __LINE__);
    made->def("activated(Tensor z, int activation) -> Tensor", activated);
    made->def("activated_backward(Tensor dy, Tensor z, int activation) -> (Tensor, Tensor)", activatedBackward);
    made->def("column_sums(Tensor x) -> Tensor", columnSums);
    made->def("layer_norm(Tensor x, Tensor gamma, Tensor beta, float epsilon) -> (Tensor, Tensor, Tensor)",
              layerNorm);
    made->def(
        "group_norm(Tensor x, Tensor gamma, Tensor beta, int groups, float epsilon, bool relu) -> (Tensor, "
        "Tensor, Tensor)",
        groupNorm);
    made->def(
        "group_norm_backward(Tensor dy, Tensor x, Tensor mean, Tensor rstd, Tensor gamma, Tensor beta, bool relu) "
        "-> (Tensor, Tensor, Tensor)",
        groupNormBackward);
    made->def("global_norm(Tensor[] tensors) -> Tensor", globalNorm);
    made->def(
        "attention_weights_(Tensor(a!) scores, Tensor key_lengths, Tensor prefix_lengths, int offset, float "
        "scale, Tensor[] bias) -> Tensor",
        attentionWeights);
    made->def("attention_weights_backward_(Tensor(a!) dp, Tensor p, float scale) -> Tensor(a!)",
              attentionWeightsBackward);
    made->def("log_sum_exp(Tensor x) -> Tensor", logSumExp);
    made->def(
        "cross_entropy_backward(Tensor x, Tensor lse, Tensor scale, Tensor labels, float smoothing) -> Tensor",
        crossEntropyBackward);
    made->def(
        "adamw_(Tensor(a!)[] params, Tensor[] grads, Tensor(b!)[] m, Tensor(c!)[] v, float[] decays, Tensor "
        "rate, Tensor step, Tensor grad_scale, float beta1, float beta2, float epsilon) -> ()",
        adamw);
    return made;
  }();
  (void)library;
}

}  // namespace simvlm
