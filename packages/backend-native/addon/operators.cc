#include "operators.h"

#include <ATen/core/jit_type.h>

#include <cmath>
#include <sstream>

#include "device.h"
#include "errors.h"
#include "values.h"

namespace simvlm {
namespace {

Kind kindOf(const c10::Type& type) {
  switch (type.kind()) {
    case c10::TypeKind::TensorType: return Kind::kTensor;
    case c10::TypeKind::NumberType: return Kind::kScalar;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType: return Kind::kInt;
    case c10::TypeKind::FloatType: return Kind::kFloat;
    case c10::TypeKind::BoolType: return Kind::kBool;
    case c10::TypeKind::StringType: return Kind::kString;
    case c10::TypeKind::DeviceObjType: return Kind::kDevice;
    default: return Kind::kUnsupported;
  }
}

const char* wanted(Kind kind) {
  switch (kind) {
    case Kind::kTensor: return "a tensor's handle";
    case Kind::kScalar: return "a number or boolean";
    case Kind::kInt: return "a whole number";
    case Kind::kFloat: return "a number";
    case Kind::kBool: return "a boolean";
    case Kind::kString: return "a string";
    case Kind::kDevice: return "a device index";
    default: return "left at its default";
  }
}

Parameter parameterOf(const c10::Argument& argument) {
  Parameter parameter;
  parameter.name = argument.name();
  c10::TypePtr type = argument.type();
  if (type->kind() == c10::TypeKind::OptionalType) {
    parameter.optional = true;
    type = type->containedType(0);
  }
  if (type->kind() == c10::TypeKind::ListType) {
    parameter.list = true;
    parameter.length = argument.N() ? *argument.N() : 0;
    type = type->containedType(0);
    // ATen reads a list of symbolic ints from a plain list of ints.
    parameter.element = kindOf(*type) == Kind::kInt ? c10::TypePtr(c10::IntType::get()) : type;
    if (type->kind() == c10::TypeKind::OptionalType) {
      parameter.optionalElements = true;
      type = type->containedType(0);
    }
  }
  parameter.kind = kindOf(*type);
  parameter.hasDefault = argument.default_value().has_value();
  if (parameter.hasDefault) parameter.defaultValue = *argument.default_value();
  return parameter;
}

/** One value that is not a list; false when it does not fit. */
bool single(napi_env env, const HandleTable& handles, Kind kind, napi_value value, c10::IValue& result) {
  double number = 0;
  bool truth = false;
  switch (kind) {
    case Kind::kTensor: {
      if (napi_get_value_double(env, value, &number) != napi_ok) return false;
      const at::Tensor* tensor = handles.find(number);
      if (tensor == nullptr) return false;
      result = *tensor;
      return true;
    }
    case Kind::kScalar:
      if (napi_get_value_double(env, value, &number) == napi_ok) {
        // JavaScript has one kind of number. A whole one counts as ATen's int, so that an int32 tensor plus 1
        // stays int32; −0 is whole for nobody.
        if (isWhole(number) && !(number == 0 && std::signbit(number)))
          result = static_cast<int64_t>(number);
        else
          result = number;
        return true;
      }
      if (napi_get_value_bool(env, value, &truth) != napi_ok) return false;
      result = truth;
      return true;
    case Kind::kInt:
      if (napi_get_value_double(env, value, &number) != napi_ok || !isWhole(number)) return false;
      result = static_cast<int64_t>(number);
      return true;
    case Kind::kFloat:
      if (napi_get_value_double(env, value, &number) != napi_ok) return false;
      result = number;
      return true;
    case Kind::kBool:
      if (napi_get_value_bool(env, value, &truth) != napi_ok) return false;
      result = truth;
      return true;
    case Kind::kString: {
      napi_valuetype type;
      if (napi_typeof(env, value, &type) != napi_ok || type != napi_string) return false;
      result = toString(env, value);
      return true;
    }
    case Kind::kDevice:
      if (napi_get_value_double(env, value, &number) != napi_ok) return false;
      result = toDevice(number);
      return true;
    default: return false;
  }
}

}  // namespace

Operator::Operator(c10::OperatorHandle handle) : handle_(handle) {
  const auto& name = handle.operator_name();
  name_ = name.overload_name.empty() ? name.name : name.name + "." + name.overload_name;
  for (const auto& argument : handle.schema().arguments()) parameters_.push_back(parameterOf(argument));
}

std::string Operator::schema() const {
  std::ostringstream text;
  text << handle_.schema();
  return text.str();
}

void Operator::wrong(size_t position, const std::string& what) const {
  const std::string name = position < parameters_.size() ? " (" + parameters_[position].name + ")" : "";
  throw UsageError("argument " + std::to_string(position + 1) + name + " of " + name_ + " " + what);
}

void Operator::wrong(napi_env env, size_t position, const std::string& wanted, napi_value value) const {
  wrong(position, "must be " + wanted + ", got " + describe(env, value));
}

c10::IValue Operator::convert(napi_env env, const HandleTable& handles, size_t position,
                              napi_value value) const {
  const Parameter& parameter = parameters_[position];
  c10::IValue result;
  if (!parameter.list && single(env, handles, parameter.kind, value, result)) return result;

  napi_valuetype type;
  check(napi_typeof(env, value, &type), "typeof");
  if (type == napi_undefined) {
    if (parameter.hasDefault) return parameter.defaultValue;
    wrong(position, parameter.optional ? "has no default; pass null to leave it out" : "is missing");
  }
  if (type == napi_null && parameter.optional) return {};
  const std::string or_null = parameter.optional ? " or null" : "";
  if (!parameter.list) {
    if (parameter.kind == Kind::kTensor && type == napi_number)
      wrong(env, position, "the handle of a living tensor" + or_null, value);
    wrong(env, position, wanted(parameter.kind) + or_null, value);
  }

  c10::impl::GenericList list(parameter.element);
  bool array = false;
  check(napi_is_array(env, value, &array), "an array");
  if (!array) {
    // As in Python, one number stands for all of int[2].
    if (parameter.length == 0 || !single(env, handles, parameter.kind, value, result))
      wrong(env, position, std::string("an array, each ") + wanted(parameter.kind) + or_null, value);
    for (int i = 0; i < parameter.length; ++i) list.push_back(result);
    return list;
  }
  uint32_t length = 0;
  check(napi_get_array_length(env, value, &length), "an array's length");
  list.reserve(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element;
    check(napi_get_element(env, value, i, &element), "an element");
    c10::IValue item;
    if (!single(env, handles, parameter.kind, element, item)) {
      check(napi_typeof(env, element, &type), "typeof");
      if (type != napi_null || !parameter.optionalElements)
        wrong(position, "must be an array, each " + std::string(wanted(parameter.kind)) +
                            (parameter.optionalElements ? " or null" : "") + "; element " +
                            std::to_string(i) + " is " + describe(env, element));
    }
    list.push_back(std::move(item));
  }
  return list;
}

napi_value Operator::call(napi_env env, HandleTable& handles, torch::jit::Stack& stack, Program* recording,
                          napi_value arguments) const {
  uint32_t given = 0;
  if (napi_get_array_length(env, arguments, &given) != napi_ok)
    throw UsageError("arguments of " + name_ + " must be an array");
  if (given > parameters_.size())
    throw UsageError(name_ + " takes " + std::to_string(parameters_.size()) + " arguments, got " +
                     std::to_string(given));
  stack.clear();
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (i >= given) {
      if (!parameters_[i].hasDefault)
        wrong(i, parameters_[i].optional ? "has no default; pass null to leave it out" : "is missing");
      stack.push_back(parameters_[i].defaultValue);
      continue;
    }
    napi_value value;
    check(napi_get_element(env, arguments, static_cast<uint32_t>(i), &value), "an argument");
    stack.push_back(convert(env, handles, i, value));
  }
  if (recording != nullptr) recording->before(stack);
  handle_.callBoxed(&stack);
  if (recording != nullptr) recording->after(handle_, stack);

  napi_value result;
  if (stack.size() == 1) {
    result = toJs(env, handles, stack[0]);
  } else if (stack.empty()) {
    check(napi_get_null(env, &result), "null");
  } else {
    check(napi_create_array_with_length(env, stack.size(), &result), "an array");
    for (size_t i = 0; i < stack.size(); ++i)
      check(napi_set_element(env, result, static_cast<uint32_t>(i), toJs(env, handles, stack[i])),
            "an element");
  }
  stack.clear();
  return result;
}

}  // namespace simvlm
