#include "values.h"

#include <cmath>

#include "device.h"
#include "errors.h"

namespace simvlm {

std::string toString(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok)
    throw UsageError("a string was expected");
  std::string text(length, '\0');
  // The string's own terminating zero has room for the one that Node-API writes.
  check(napi_get_value_string_utf8(env, value, &text[0], length + 1, &length), "a string");
  return text;
}

std::string describe(napi_env env, napi_value value) {
  napi_valuetype type;
  check(napi_typeof(env, value, &type), "typeof");
  switch (type) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_boolean: return "a boolean";
    case napi_string: return "a string";
    case napi_symbol: return "a symbol";
    case napi_function: return "a function";
    case napi_bigint: return "a bigint";
    case napi_number: {
      double number = 0;
      napi_get_value_double(env, value, &number);
      char text[40];
      std::snprintf(text, sizeof text, "%.15g", number);
      return std::string("the number ") + text;
    }
    default: {
      bool array = false;
      napi_is_array(env, value, &array);
      return array ? "an array" : "an object";
    }
  }
}

bool isWhole(double value) { return std::trunc(value) == value && std::fabs(value) <= 9007199254740992.0; }

c10::Device toDevice(double index) {
  if (index == -1) return c10::Device(c10::DeviceType::CPU);
  if (!isWhole(index) || index < 0 || index > 127)
    throw UsageError("a device is −1 (the CPU) or the number of a CUDA device");
  useCudaDevice(static_cast<int>(index));
  return c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index));
}

c10::ScalarType toScalarType(double number) {
  for (const auto type : {at::kByte, at::kInt, at::kLong, at::kFloat, at::kDouble, at::kComplexFloat,
                          at::kBool, at::kBFloat16, at::kHalf, at::kChar, at::kShort, at::kComplexDouble})
    if (number == static_cast<double>(type)) return type;
  throw UsageError("a dtype is one of scalarType's numbers");
}

napi_value numberToJs(napi_env env, double value) {
  napi_value result;
  check(napi_create_double(env, value, &result), "a number");
  return result;
}

napi_value textToJs(napi_env env, const std::string& text) {
  napi_value result;
  check(napi_create_string_utf8(env, text.c_str(), text.size(), &result), "a string");
  return result;
}

napi_value undefinedJs(napi_env env) {
  napi_value result;
  check(napi_get_undefined(env, &result), "undefined");
  return result;
}

napi_value handleToJs(napi_env env, HandleTable& handles, at::Tensor tensor) {
  return numberToJs(env, static_cast<double>(handles.add(std::move(tensor))));
}

napi_value toJs(napi_env env, HandleTable& handles, const c10::IValue& value) {
  napi_value result;
  if (value.isTensor() && value.toTensor().defined()) return handleToJs(env, handles, value.toTensor());
  if (value.isNone() || value.isTensor()) {
    check(napi_get_null(env, &result), "null");
    return result;
  }
  if (value.isInt()) return numberToJs(env, static_cast<double>(value.toInt()));
  if (value.isDouble()) return numberToJs(env, value.toDouble());
  if (value.isBool()) {
    check(napi_get_boolean(env, value.toBool(), &result), "a boolean");
    return result;
  }
  if (value.isString()) return textToJs(env, value.toStringRef());
  if (value.isList()) {
    const auto elements = value.toListRef();
    check(napi_create_array_with_length(env, elements.size(), &result), "an array");
    for (size_t i = 0; i < elements.size(); ++i)
      check(napi_set_element(env, result, static_cast<uint32_t>(i), toJs(env, handles, elements[i])),
            "an element");
    return result;
  }
  throw UsageError("the operator returned a " + value.tagKind() + ", which has no JavaScript value");
}

}  // namespace simvlm
