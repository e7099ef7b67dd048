// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/ggml_tensors.h"

#include <algorithm>
#include <unordered_set>

#include "model/weights.h"

namespace npu {
namespace {

constexpr int kMaxRank = 4;
constexpr int kMaxNameBytes = 256;
constexpr int kBlockFormat = 2;  // generation of the block layouts, stored as thousands of `ftype`

// The types have one number in the header's `ftype` (-1: none) and another in tensor records.
struct GgmlType {
  std::string_view name;
  int file_type;
  int tensor_type;
  std::optional<TensorType> type;  // nullopt: known by name only
};

constexpr GgmlType kTypes[] = {
    {"f32", 0, 0, TensorType::kF32},   {"f16", 1, 1, TensorType::kF16},
    {"q4_0", 2, 2, TensorType::kQ4_0}, {"q4_1", 3, 3, TensorType::kQ4_1},
    {"q5_0", 8, 6, TensorType::kQ5_0}, {"q5_1", 9, 7, TensorType::kQ5_1},
    {"q8_0", 7, 8, TensorType::kQ8_0}, {"q8_1", -1, 9, std::nullopt},
    {"q2_K", 10, 10, std::nullopt},    {"q3_K", 11, 11, std::nullopt},
    {"q4_K", 12, 12, std::nullopt},    {"q5_K", 13, 13, std::nullopt},
    {"q6_K", 14, 14, std::nullopt},    {"q8_K", -1, 15, std::nullopt},
};

constexpr const char* kSupported = "f32, f16, q4_0, q4_1, q5_0, q5_1 or q8_0";

Error unsupported(const std::string& file, std::string_view what, const GgmlType* type,
                  int number) {
  return Error{ErrorCode::kUnsupported,
               text(file, ": ", what, ": expected ", kSupported, ", found ",
                    type ? std::string(type->name) : text("type number ", number))};
}

// Reads one record after the other.
class Reader {
 public:
  Reader(ByteReader in, const ModelDims& dims, TensorType file_type)
      : in_(std::move(in)), file_type_(file_type) {
    for (const WeightRef& ref : expected_weights(dims)) expected_.insert(ref.name);
  }

  Result<TensorTable> read() {
    while (in_.left() != 0) NPU_TRY(read_tensor());
    return std::move(table_);
  }

 private:
  // Extents are stored innermost first; a bias of n values may have the shape [n, 1].
  Result<Shape> read_shape(int rank) {
    std::vector<size_t> extents;
    uint64_t elements = 1;
    for (int axis = 0; axis < rank; ++axis) {
      NPU_TRY_ASSIGN(const int extent, in_.value<int32_t>("a tensor's extent"));
      if (extent <= 0 || elements > UINT64_MAX / 64 / static_cast<uint64_t>(extent))
        return in_.error(
            "a tensor's extent: expected a positive number and a product within 64 "
            "bits, found ",
            extent);
      elements *= static_cast<uint64_t>(extent);
      extents.insert(extents.begin(), static_cast<size_t>(extent));
    }
    if (extents.size() == 2 && extents[1] == 1) extents.pop_back();
    return Shape(std::move(extents));
  }

  Result<TensorType> find_type(const std::string& tensor, int number) const {
    const auto type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                   [number](const auto& row) { return row.tensor_type == number; });
    const std::string what = text("tensor ", printable(tensor));
    if (type == std::end(kTypes)) return unsupported(in_.file(), what, nullptr, number);
    if (!type->type) return unsupported(in_.file(), what, type, number);
    return *type->type;
  }

  Result<void> read_tensor() {
    const size_t start = in_.offset();
    NPU_TRY_ASSIGN(const int rank, in_.value<int32_t>("a tensor's rank"));
    NPU_TRY_ASSIGN(const int name_bytes, in_.value<int32_t>("the length of a tensor's name"));
    NPU_TRY_ASSIGN(const int type, in_.value<int32_t>("a tensor's type"));
    if (rank < 1 || rank > kMaxRank)
      return bad_file(in_.file(), start, "a tensor's rank: expected 1..", kMaxRank, ", found ",
                      rank);
    if (name_bytes < 1 || name_bytes > kMaxNameBytes)
      return bad_file(in_.file(), start + 4, "the length of a tensor's name: expected 1..",
                      kMaxNameBytes, ", found ", name_bytes);
    StoredTensor tensor;
    tensor.file = in_.file();
    NPU_TRY_ASSIGN(tensor.shape, read_shape(rank));
    NPU_TRY_ASSIGN(const auto name,
                   in_.bytes(static_cast<uint64_t>(name_bytes), "a tensor's name"));
    tensor.name.assign(reinterpret_cast<const char*>(name.data()), name.size());
    if (!expected_.contains(tensor.name))
      return bad_file(in_.file(), start, "unexpected tensor ", printable(tensor.name), " ",
                      tensor.shape, ": Whisper has none of that name");
    NPU_TRY_ASSIGN(tensor.type, find_type(tensor.name, type));
    NPU_TRY(check_type(tensor));
    return read_data(std::move(tensor));
  }

  // Matrices have the header's type; vectors, positions and convolutions may be wider, and are
  // never quantised.
  Result<void> check_type(const StoredTensor& tensor) const {
    const bool matrix = tensor.shape.rank() == 2 && tensor.name.ends_with(".weight");
    if (!matrix && block_values(tensor.type) > 1)
      return in_.error("tensor ", tensor.name, ": expected f32 or f16, found ",
                       type_name(tensor.type));
    if (!matrix || tensor.type == file_type_) return {};
    return in_.error("tensor ", tensor.name, ": expected ", type_name(file_type_),
                     " as the header says, found ", type_name(tensor.type));
  }

  Result<void> read_data(StoredTensor tensor) {
    tensor.offset = in_.offset();
    const size_t row = tensor.shape[tensor.shape.rank() - 1];
    if (row % block_values(tensor.type) != 0)
      return in_.error("tensor ", tensor.name, " ", tensor.shape, ": expected rows of whole ",
                       type_name(tensor.type), " blocks of ", block_values(tensor.type));
    const std::optional<uint64_t> size = stored_bytes(tensor.type, tensor.shape.elements());
    if (!size) return in_.error("tensor ", tensor.name, " ", tensor.shape, " is too large");
    NPU_TRY_ASSIGN(tensor.data, in_.bytes(*size, text("tensor ", tensor.name)));
    const uint64_t offset = tensor.offset;
    std::string name = tensor.name;
    if (!table_.emplace(name, ModelTensor{std::move(tensor), {}, {}}).second)
      return bad_file(in_.file(), offset, "tensor ", name, " is there twice");
    return {};
  }

  ByteReader in_;
  TensorType file_type_;
  std::unordered_set<std::string> expected_;
  TensorTable table_;
};

}  // namespace

Result<TensorType> ggml_file_type(const std::string& file, uint64_t offset, int stored) {
  const int kind = stored % 1000;
  const auto type = std::find_if(std::begin(kTypes), std::end(kTypes), [kind](const auto& row) {
    return row.file_type == kind && kind >= 0;
  });
  if (type == std::end(kTypes)) return unsupported(file, "file type", nullptr, stored);
  if (!type->type) return unsupported(file, "file type", type, stored);
  if (block_values(*type->type) > 1 && stored / 1000 != kBlockFormat)
    return bad_file(file, offset, "quantisation version: expected ", kBlockFormat, ", found ",
                    stored / 1000);
  return *type->type;
}

Result<TensorTable> read_ggml_tensors(ByteReader in, const ModelDims& dims, TensorType file_type) {
  return Reader(std::move(in), dims, file_type).read();
}

}  // namespace npu
