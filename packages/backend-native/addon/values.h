// Small conversions between JavaScript and C++.
#pragma once

#include <ATen/core/ivalue.h>
#include <node_api.h>

#include <string>
#include <vector>

#include "handles.h"

namespace simvlm {

/** The text of a JavaScript string. */
std::string toString(napi_env env, napi_value value);
/** "the number 3", "a string", …: what came instead of what was wanted. */
std::string describe(napi_env env, napi_value value);
/** A whole number that a double holds exactly. */
bool isWhole(double value);

/** The device of a DeviceIndex: −1 the CPU, n the n-th CUDA device. */
c10::Device toDevice(double index);
/** The dtypes that cross the border, by c10's number. */
c10::ScalarType toScalarType(double number);

/** Makes a JavaScript value of what an operator returned; tensors become handles. */
napi_value toJs(napi_env env, HandleTable& handles, const c10::IValue& value);
napi_value numberToJs(napi_env env, double value);
napi_value textToJs(napi_env env, const std::string& text);
napi_value handleToJs(napi_env env, HandleTable& handles, at::Tensor tensor);
napi_value undefinedJs(napi_env env);

}  // namespace simvlm
