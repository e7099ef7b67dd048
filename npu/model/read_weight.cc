// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/read_weight.h"

#include <cstring>
#include <vector>

#include "model/byte_reader.h"
#include "model/mapped_file.h"

namespace npu {
namespace {

Result<void> check_zeros(const StoredTensor& tensor) {
  std::vector<float> values(tensor.shape.elements());
  NPU_TRY(read_values(tensor, values));
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] != 0.0f)
      return bad_file(tensor.file, tensor.offset, "tensor ", printable(tensor.name),
                      ": expected zeros in the part of the keys, found ", values[i], " as number ",
                      i);
  return {};
}

bool same_bytes(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

Result<void> check_twin(const StoredTensor& tensor, const StoredTensor& twin) {
  if (tensor.type == twin.type && tensor.shape == twin.shape &&
      same_bytes(tensor.data, twin.data) && same_bytes(tensor.scales, twin.scales))
    return {};
  return bad_file(twin.file, twin.offset, "tensor ", printable(twin.name),
                  ": expected the same values as in ", printable(tensor.name),
                  ", found other ones");
}

}  // namespace

Result<void> read_weight(const std::string& file, const TensorTable& table, const WeightRef& ref,
                         std::span<float> out) {
  const auto found = table.find(ref.name);
  if (found == table.end())
    return Error{ErrorCode::kBadModel,
                 text(file, ": expected a tensor ", ref.name, " ", ref.shape, ", found none")};
  const auto& [values, zeros, twin] = found->second;
  if (values.shape != ref.shape || out.size() != ref.shape.elements())
    return Error{ErrorCode::kBadModel,
                 text(file, ": tensor ", ref.name, ": expected shape ", ref.shape, " and ",
                      ref.shape.elements(), " values, found ", values.shape, " and ", out.size())};
  will_need(values.data);
  NPU_TRY(read_values(values, out));
  if (zeros) NPU_TRY(check_zeros(*zeros));
  if (twin) NPU_TRY(check_twin(values, *twin));
  return {};
}

}  // namespace npu
