#include "decoding.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

namespace simvlm {

void registerDecodingOperators() {
  // A process may load two addons, such as one that a test has built anew; operators are the process's.
  static const bool known = c10::Dispatcher::singleton().findSchema({"simvlm::decode_linear", ""}).has_value();
  if (known) return;
  // Never destroyed: that would take the operators back.
  static auto* const library = [] {
    auto* made = new torch::Library(torch::Library::FRAGMENT, "simvlm", {}, __FILE__, __LINE__);
    made->def(
        "decode_linear(Tensor x, Tensor w, Tensor? bias, Tensor? gamma, Tensor? beta, Tensor? residual, int "
        "activation, bool transposed, float epsilon) -> Tensor",
        decodeLinear);
    made->def(
        "quantized_linear(Tensor x, Tensor packed, Tensor scales, Tensor? bias, Tensor? gamma, Tensor? beta, "
        "Tensor? residual, int activation, int bits, int group, float epsilon) -> Tensor",
        quantizedLinear);
    made->def("dequantize(Tensor packed, Tensor scales, int inputs, int bits, int group) -> Tensor", dequantize);
    made->def(
        "decode_attention(Tensor q, Tensor k, Tensor v, Tensor key_lengths, Tensor prefix_lengths, int offset, "
        "float scale) -> (Tensor, Tensor)",
        decodeAttention);
    made->def("cache_write_(Tensor(a!) cache, Tensor update, Tensor positions) -> Tensor(a!)", cacheWrite);
    return made;
  }();
  (void)library;
}

}  // namespace simvlm
