// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/self_test/describe.h"

#include <algorithm>

#include "result.h"

namespace npu::array {
namespace {

using kernels::kTile;
using kernels::Op;

bool gives(const Operation& operation, Layout layout) {
  return std::any_of(operation.outputs.begin(), operation.outputs.end(),
                     [layout](const Output& output) { return output.to.layout == layout; });
}

bool gives_fine(const Operation& operation) {
  return std::any_of(operation.outputs.begin(), operation.outputs.end(),
                     [](const Output& output) { return is_fine(output.to.layout); });
}

std::string product_kind(const Operation& operation, const quantised::Network& network) {
  std::string kind = operation.taps > 1 ? "convolution" : "product";
  if (is_fine(operation.in.layout)) kind += ", 12-bit input";
  const auto matrix = network.matrices.find(parameter_names(operation).front());
  if (matrix != network.matrices.end() && matrix->second.gelu) kind += ", GELU";
  if (gives_fine(operation)) kind += ", 12-bit output";
  if (operation.residual) kind += ", residual";
  if (gives(operation, Layout::kKeys)) kind += ", K,V";
  if (gives(operation, Layout::kCacheRows)) kind += ", K,V appended";
  if (gives(operation, Layout::kLogits)) kind += ", logits";
  return kind;
}

std::string attention_kind(const Operation& operation) {
  std::string kind = operation.op == Op::kAlignment ? "alignment scores" : "attention";
  if (operation.objects.buffer == Buffer::kSelf) kind += ", causal";
  if (operation.objects.buffer == Buffer::kCross) kind += ", cross";
  if (gives(operation, Layout::kParts)) kind += ", part";
  if (gives_fine(operation)) kind += ", 12-bit output";
  return kind;
}

}  // namespace

std::vector<std::string> parameter_names(const Operation& operation) {
  std::vector<std::string> names(1);
  for (const char c : operation.name.substr(0, operation.name.find(','))) {
    if (c == '+')
      names.emplace_back();
    else
      names.back() += c;
  }
  return names;
}

std::string kind_of(const Operation& operation, const quantised::Network& network) {
  switch (operation.op) {
    case Op::kMatmul:
      return product_kind(operation, network);
    case Op::kLayerNorm:
      return gives_fine(operation) ? "layer norm, 12-bit output" : "layer norm";
    case Op::kAttention:
    case Op::kAlignment:
      return attention_kind(operation);
    case Op::kCombine:
      return "combination of parts";
    case Op::kPass:
    case Op::kAdd:
      break;
  }
  return text("operation ", static_cast<int>(operation.op));
}

std::string shape_of(const Operation& operation) {
  const uint32_t rows = operation.rows;
  switch (operation.op) {
    case Op::kMatmul:
      return text(rows, " x ", operation.in_tiles * operation.taps * kTile, " x ",
                  operation.tiles * kTile);
    case Op::kAttention:
    case Op::kAlignment:
      return text(rows, " rows, ", operation.tiles, " heads, ", operation.count * kTile, " keys");
    case Op::kCombine:
      return text(rows, " rows, ", operation.tiles, " heads, ", operation.in_tiles, " parts");
    default:
      return text(rows, " x ", operation.in_tiles * kTile);
  }
}

}  // namespace npu::array
