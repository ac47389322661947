#include "program.h"

namespace simvlm {
namespace {

/** Calls `visit` with every tensor of a value, those of a list in turn. */
template <typename Visit>
void eachTensor(const c10::IValue& value, Visit visit) {
  if (value.isTensor()) {
    visit(value.toTensor());
  } else if (value.isTensorList() || value.isOptionalTensorList()) {
    for (const c10::IValue& element : value.toListRef()) visit(element.isTensor() ? element.toTensor() : at::Tensor());
  }
}

}  // namespace

int Program::placeOf(const at::Tensor& tensor) const {
  const auto found = places_.find(tensor.unsafeGetTensorImpl());
  return found == places_.end() ? kNoPlace : found->second;
}

int Program::placeFor(const at::Tensor& tensor) {
  if (!tensor.defined()) return kNoPlace;
  const int known = placeOf(tensor);  // an operator in place returns its argument
  if (known != kNoPlace) return known;
  places_[tensor.unsafeGetTensorImpl()] = count_;
  return count_++;
}

void Program::before(const torch::jit::Stack& stack) { pending_ = stack; }

/** Whether the results are views of tensors that stay: then so do they, and there is nothing to do again. */
bool Program::isFixedView(const c10::FunctionSchema& schema, const torch::jit::Stack& results) const {
  for (const auto& returned : schema.returns())
    if (returned.alias_info() == nullptr || returned.alias_info()->isWrite()) return false;
  bool fixed = !results.empty();
  for (const auto& argument : pending_)
    eachTensor(argument, [&](const at::Tensor& tensor) { fixed = fixed && placeOf(tensor) == kNoPlace; });
  // `reshape` and `to` may copy, whatever their schema says.
  for (const auto& result : results) {
    eachTensor(result, [&](const at::Tensor& view) {
      bool alias = false;
      for (const auto& argument : pending_)
        eachTensor(argument, [&](const at::Tensor& tensor) { alias = alias || (tensor.defined() && view.is_alias_of(tensor)); });
      fixed = fixed && alias;
    });
  }
  return fixed;
}

void Program::after(const c10::OperatorHandle& op, const torch::jit::Stack& stack) {
  if (isFixedView(op.schema(), stack)) {
    pending_.clear();
    return;
  }
  Instruction instruction{op, std::move(pending_), {}, {}, {}};
  pending_.clear();
  for (size_t position = 0; position < instruction.arguments.size(); ++position) {
    c10::IValue& value = instruction.arguments[position];
    Argument argument{position, kNoPlace, {}};
    bool filled = false;
    eachTensor(value, [&](const at::Tensor& tensor) {
      const int place = tensor.defined() ? placeOf(tensor) : kNoPlace;
      filled = filled || place != kNoPlace;
      if (value.isTensor())
        argument.place = place;
      else
        argument.places.push_back(place);
    });
    if (!filled) continue;
    if (value.isTensor()) {
      value = c10::IValue();
    } else {
      // A list of its own, without the tensors whose places are read.
      c10::impl::GenericList list(value.toList().elementType());
      for (size_t i = 0; i < argument.places.size(); ++i)
        list.push_back(argument.places[i] == kNoPlace ? value.toListRef()[i] : c10::IValue(at::Tensor()));
      value = list;
    }
    instruction.places.push_back(std::move(argument));
  }
  // What an operator in place returns was there before; it must not become a place.
  const auto& returns = op.schema().returns();
  for (size_t i = 0; i < stack.size(); ++i) {
    const bool written = i < returns.size() && returns[i].alias_info() != nullptr && returns[i].alias_info()->isWrite();
    eachTensor(stack[i], [&](const at::Tensor& tensor) {
      instruction.results.push_back(written ? kNoPlace : placeFor(tensor));
    });
  }
  instructions_.push_back(std::move(instruction));
}

void Program::released(const at::Tensor& tensor) {
  const int place = tensor.defined() ? placeOf(tensor) : kNoPlace;
  if (place == kNoPlace || tensor.use_count() > 1) return;
  // Its address may be another tensor's soon.
  places_.erase(tensor.unsafeGetTensorImpl());
  instructions_.back().released.push_back(place);
}

void Program::end() {
  handles_.each([&](int64_t handle, const at::Tensor& tensor) {
    const int place = tensor.defined() ? placeOf(tensor) : kNoPlace;
    if (place != kNoPlace) outputs_.emplace_back(handle, place);
  });
  places_.clear();
  tensors_.resize(static_cast<size_t>(count_));
}

void Program::run(const Instruction& instruction) {
  stack_ = instruction.arguments;
  for (const Argument& argument : instruction.places) {
    c10::IValue& value = stack_[argument.position];
    if (argument.places.empty()) {
      value = tensors_[argument.place];
      continue;
    }
    c10::impl::GenericList list(value.toList().elementType());
    list.reserve(argument.places.size());
    for (size_t i = 0; i < argument.places.size(); ++i) {
      const int place = argument.places[i];
      list.push_back(place == kNoPlace ? value.toListRef()[i] : c10::IValue(tensors_[place]));
    }
    value = list;
  }
  instruction.op.callBoxed(&stack_);
  auto place = instruction.results.begin();
  for (const c10::IValue& result : stack_) {
    eachTensor(result, [&](const at::Tensor& tensor) {
      if (*place != kNoPlace) tensors_[*place] = tensor;
      ++place;
    });
  }
  stack_.clear();
  for (const int done : instruction.released) tensors_[done].reset();
}

void Program::replay() {
  try {
    for (const Instruction& instruction : instructions_) run(instruction);
  } catch (...) {
    stack_.clear();
    for (at::Tensor& tensor : tensors_) tensor.reset();
    throw;
  }
  // A handle that was freed since has no use for it.
  for (const auto& [handle, place] : outputs_) handles_.replace(handle, tensors_[place]);
  for (at::Tensor& tensor : tensors_) tensor.reset();
}

}  // namespace simvlm
