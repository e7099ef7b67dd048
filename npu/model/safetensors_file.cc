// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/safetensors_file.h"

#include <algorithm>
#include <vector>

#include "model/byte_reader.h"
#include "model/json_file.h"

namespace npu {
namespace {

using nlohmann::json;

constexpr uint64_t kHeaderLimitBytes = uint64_t{16} << 20;  // large-v3 has 0.15 MB
constexpr size_t kMaxRank = 4;

// Reads the header's entries; `data_` is what follows the header.
class Reader {
 public:
  Reader(const std::string& file, std::span<const std::byte> data, uint64_t data_offset)
      : file_(file), data_(data), data_offset_(data_offset) {}

  Result<StoredTensor> read(const std::string& name, const json& entry) const {
    StoredTensor tensor;
    tensor.file = file_;
    tensor.name = name;
    if (!entry.is_object())
      return error(name, "expected a JSON object, found ", json_excerpt(entry));
    NPU_TRY_ASSIGN(tensor.type, read_type(name, entry));
    NPU_TRY_ASSIGN(tensor.shape, read_shape(name, entry));
    NPU_TRY_ASSIGN(const std::vector<uint64_t> range, read_list(name, entry, "data_offsets"));
    if (range.size() != 2 || range[0] > range[1] || range[1] > data_.size())
      return error(
          name, "data_offsets: expected [begin, end] within the ", data_.size(),
          " bytes of data, found ",
          range.size() == 2 ? text(range[0], "..", range[1]) : text(range.size(), " numbers"));
    const std::optional<uint64_t> size = stored_bytes(tensor.type, tensor.shape.elements());
    if (!size || *size != range[1] - range[0])
      return error(name, tensor.shape, " ", type_name(tensor.type), ": expected ", size ? *size : 0,
                   " bytes, found ", range[1] - range[0]);
    tensor.offset = data_offset_ + range[0];
    tensor.data = data_.subspan(static_cast<size_t>(range[0]), static_cast<size_t>(*size));
    return tensor;
  }

 private:
  template <typename... Parts>
  Error error(const std::string& name, const Parts&... parts) const {
    return Error{ErrorCode::kBadModel,
                 text(file_, ": header: tensor ", printable(name), ": ", parts...)};
  }

  Result<TensorType> read_type(const std::string& name, const json& entry) const {
    const auto type = entry.find("dtype");
    if (type == entry.end() || !type->is_string())
      return error(name, "expected a dtype, found ",
                   type == entry.end() ? std::string("none") : json_excerpt(*type));
    const std::string& value = type->get_ref<const std::string&>();
    if (value == "F32") return TensorType::kF32;
    if (value == "F16") return TensorType::kF16;
    if (value == "BF16") return TensorType::kBF16;
    return Error{ErrorCode::kUnsupported,
                 text(file_, ": header: tensor ", printable(name),
                      ": dtype: expected F32, F16 or BF16, found ", printable(value))};
  }

  Result<std::vector<uint64_t>> read_list(const std::string& name, const json& entry,
                                          const char* key) const {
    const auto list = entry.find(key);
    const bool is_list = list != entry.end() && list->is_array() && list->size() <= kMaxRank &&
                         std::all_of(list->begin(), list->end(),
                                     [](const json& item) { return item.is_number_unsigned(); });
    if (!is_list)
      return error(name, key, ": expected a list of at most ", kMaxRank,
                   " non-negative integers, found ",
                   list == entry.end() ? std::string("none") : json_excerpt(*list));
    std::vector<uint64_t> values;
    for (const json& item : *list) values.push_back(item.get<uint64_t>());
    return values;
  }

  Result<Shape> read_shape(const std::string& name, const json& entry) const {
    NPU_TRY_ASSIGN(const std::vector<uint64_t> extents, read_list(name, entry, "shape"));
    uint64_t elements = 1;
    for (const uint64_t extent : extents) {
      if (extent == 0 || extent > UINT64_MAX / 8 / elements)
        return error(name, "shape: expected positive extents and a product within 64 bits, found ",
                     extent);
      elements *= extent;
    }
    return Shape(std::vector<size_t>(extents.begin(), extents.end()));
  }

  const std::string& file_;
  std::span<const std::byte> data_;
  uint64_t data_offset_;
};

// No byte belongs to two tensors or to none.
Result<void> check_coverage(const std::string& file, const SafetensorsTable& table, uint64_t begin,
                            uint64_t end) {
  std::vector<const StoredTensor*> by_offset;
  for (const auto& [name, tensor] : table) by_offset.push_back(&tensor);
  std::sort(by_offset.begin(), by_offset.end(),
            [](const StoredTensor* a, const StoredTensor* b) { return a->offset < b->offset; });
  uint64_t next = begin;
  for (const StoredTensor* tensor : by_offset) {
    if (tensor->offset != next)
      return bad_file(file, tensor->offset, "tensor ", printable(tensor->name),
                      ": expected to start ", "where the one before it ends, at byte ", next,
                      tensor->offset < next ? ", found an overlap" : ", found a gap");
    next += tensor->data.size();
  }
  if (next != end)
    return bad_file(file, next, "expected the end of the file after the last tensor, found ",
                    end - next, " more bytes");
  return {};
}

}  // namespace

Result<SafetensorsTable> parse_safetensors(const FileBytes& file) {
  ByteReader in(file);
  NPU_TRY_ASSIGN(const uint64_t length, in.value<uint64_t>("the header's length"));
  if (length > kHeaderLimitBytes)
    return bad_file(file.name, 0, "the header's length: expected at most ", kHeaderLimitBytes,
                    ", found ", length);
  NPU_TRY_ASSIGN(const std::span<const std::byte> header, in.bytes(length, "the header"));
  NPU_TRY_ASSIGN(const json root,
                 parse_json(file.name + ": header",
                            {reinterpret_cast<const char*>(header.data()), header.size()}));
  if (!root.is_object())
    return bad_file(file.name, 8, "header: expected a JSON object, found ", json_excerpt(root));
  const uint64_t begin = in.offset();
  const Reader reader(file.name, file.bytes.subspan(in.offset()), begin);
  SafetensorsTable table;
  for (const auto& [name, entry] : root.items()) {
    if (name == "__metadata__") continue;
    NPU_TRY_ASSIGN(StoredTensor tensor, reader.read(name, entry));
    table.emplace(name, std::move(tensor));
  }
  NPU_TRY(check_coverage(file.name, table, begin, file.bytes.size()));
  return table;
}

}  // namespace npu
