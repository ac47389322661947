// One door to every operator of ATen: the schema says how JavaScript's arguments become ATen's.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <node_api.h>

#include <string>
#include <vector>

#include "handles.h"
#include "program.h"

namespace simvlm {

enum class Kind : uint8_t { kTensor, kScalar, kInt, kFloat, kBool, kString, kDevice, kUnsupported };

/** One parameter of a schema, taken apart once. */
struct Parameter {
  std::string name;
  c10::TypePtr element;  // of a list
  Kind kind = Kind::kUnsupported;
  bool optional = false;
  bool list = false;
  bool optionalElements = false;
  int length = 0;  // of a list such as int[2], where one number stands for all; else 0
  bool hasDefault = false;
  c10::IValue defaultValue;
};

class Operator {
 public:
  explicit Operator(c10::OperatorHandle handle);

  std::string schema() const;
  /**
   * Runs it with the arguments of a JavaScript array; `stack` is working memory, `recording` the program that is being
   * recorded, if any.
   */
  napi_value call(napi_env env, HandleTable& handles, torch::jit::Stack& stack, Program* recording,
                  napi_value arguments) const;

 private:
  c10::IValue convert(napi_env env, const HandleTable& handles, size_t position, napi_value value) const;
  [[noreturn]] void wrong(napi_env env, size_t position, const std::string& wanted, napi_value value) const;
  [[noreturn]] void wrong(size_t position, const std::string& what) const;

  c10::OperatorHandle handle_;
  std::string name_;
  std::vector<Parameter> parameters_;
};

}  // namespace simvlm
