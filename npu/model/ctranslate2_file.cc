// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/ctranslate2_file.h"

#include <optional>
#include <vector>

#include "model/byte_reader.h"

namespace npu {
namespace {

constexpr uint32_t kOldestVersion = 2;  // the first with a spec string
constexpr uint32_t kAliasVersion = 3;
constexpr uint32_t kTypeVersion = 4;  // before it, the item size stands for the type
constexpr uint32_t kNewestVersion = 6;
constexpr uint8_t kMaxRank = 4;

// u16 length including the final NUL, bytes, NUL.
Result<std::string> read_string(ByteReader& reader, std::string_view what) {
  NPU_TRY_ASSIGN(const uint16_t length, reader.value<uint16_t>(text("the length of ", what)));
  const size_t start = reader.offset();
  NPU_TRY_ASSIGN(const std::span<const std::byte> bytes, reader.bytes(length, what));
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (all.find('\0') != all.size() - 1 || all.empty())
    return bad_file(reader.file(), start, what,
                    ": expected a text with one NUL at its end, found \"", printable(all), "\"");
  return std::string(all.substr(0, all.size() - 1));
}

std::optional<TensorType> type_of_id(uint8_t id) {
  switch (id) {
    case 0:
      return TensorType::kF32;
    case 1:
      return TensorType::kI8;
    case 2:
      return TensorType::kI16;
    case 3:
      return TensorType::kI32;
    case 4:
      return TensorType::kF16;
    case 5:
      return TensorType::kBF16;
    default:
      return std::nullopt;
  }
}

std::optional<TensorType> type_of_item_size(uint8_t size) {
  switch (size) {
    case 4:
      return TensorType::kF32;
    case 2:
      return TensorType::kI16;
    case 1:
      return TensorType::kI8;
    default:
      return std::nullopt;
  }
}

Result<Shape> read_shape(ByteReader& reader, const std::string& tensor) {
  NPU_TRY_ASSIGN(const uint8_t rank, reader.value<uint8_t>("a tensor's rank"));
  if (rank > kMaxRank)
    return reader.error("tensor ", printable(tensor), ": expected a rank of at most ",
                        static_cast<int>(kMaxRank), ", found ", static_cast<int>(rank));
  std::vector<size_t> extents;
  uint64_t elements = 1;
  for (uint8_t axis = 0; axis < rank; ++axis) {
    NPU_TRY_ASSIGN(const uint32_t extent, reader.value<uint32_t>("a tensor's extent"));
    if (extent == 0 || elements > UINT64_MAX / 8 / extent)
      return reader.error("tensor ", printable(tensor), ": extent ", static_cast<int>(axis),
                          ": expected a positive number and a product within 64 bits, found ",
                          extent);
    elements *= extent;
    extents.push_back(extent);
  }
  return Shape(std::move(extents));
}

// {u8 type; u32 bytes} or, before version 4, {u8 item size; u32 items}.
Result<void> read_data(ByteReader& reader, uint32_t version, StoredTensor& tensor) {
  const bool typed = version >= kTypeVersion;
  NPU_TRY_ASSIGN(const uint8_t id, reader.value<uint8_t>("a tensor's type"));
  const std::optional<TensorType> type = typed ? type_of_id(id) : type_of_item_size(id);
  if (!type)
    return reader.error("tensor ", printable(tensor.name), ": expected ",
                        typed ? "a type in 0..5" : "an item size of 1, 2 or 4", ", found ",
                        static_cast<int>(id));
  tensor.type = *type;
  NPU_TRY_ASSIGN(const uint32_t size, reader.value<uint32_t>("a tensor's size"));
  const uint64_t found = typed ? size : uint64_t{size} * id;
  const uint64_t expected = *stored_bytes(tensor.type, tensor.shape.elements());
  if (found != expected)
    return reader.error("tensor ", printable(tensor.name), " ", tensor.shape, " ",
                        type_name(tensor.type), ": expected ", expected, " bytes, found ", found);
  tensor.offset = reader.offset();
  NPU_TRY_ASSIGN(tensor.data, reader.bytes(found, text("tensor ", printable(tensor.name))));
  return {};
}

Result<void> read_tensors(ByteReader& reader, CTranslate2File& result) {
  NPU_TRY_ASSIGN(const uint32_t count, reader.value<uint32_t>("the number of tensors"));
  for (uint32_t i = 0; i < count; ++i) {
    const size_t start = reader.offset();
    StoredTensor tensor;
    tensor.file = result.name;
    NPU_TRY_ASSIGN(tensor.name, read_string(reader, "a tensor's name"));
    NPU_TRY_ASSIGN(tensor.shape, read_shape(reader, tensor.name));
    NPU_TRY(read_data(reader, result.version, tensor));
    std::string name = tensor.name;
    if (!result.tensors.emplace(name, std::move(tensor)).second)
      return bad_file(result.name, start, "tensor ", printable(name), " is there twice");
  }
  return {};
}

Result<void> read_aliases(ByteReader& reader, CTranslate2File& result) {
  NPU_TRY_ASSIGN(const uint32_t count, reader.value<uint32_t>("the number of aliases"));
  for (uint32_t i = 0; i < count; ++i) {
    const size_t start = reader.offset();
    NPU_TRY_ASSIGN(std::string alias, read_string(reader, "an alias"));
    NPU_TRY_ASSIGN(std::string target, read_string(reader, "an alias's target"));
    if (!result.tensors.contains(target))
      return bad_file(result.name, start, "alias ", printable(alias),
                      ": expected the name of a tensor as target, found ", printable(target));
    if (result.tensors.contains(alias))
      return bad_file(result.name, start, "alias ", printable(alias), " is also a tensor");
    std::string name = alias;
    if (!result.aliases.emplace(std::move(alias), std::move(target)).second)
      return bad_file(result.name, start, "alias ", printable(name), " is there twice");
  }
  return {};
}

}  // namespace

const std::string& CTranslate2File::resolve(const std::string& tensor) const {
  const auto alias = aliases.find(tensor);
  return alias == aliases.end() ? tensor : alias->second;
}

const StoredTensor* CTranslate2File::find(const std::string& tensor) const {
  const auto found = tensors.find(resolve(tensor));
  return found == tensors.end() ? nullptr : &found->second;
}

Result<CTranslate2File> parse_ctranslate2(const FileBytes& file) {
  ByteReader reader(file);
  CTranslate2File result;
  result.name = file.name;
  NPU_TRY_ASSIGN(result.version, reader.value<uint32_t>("the version"));
  if (result.version < kOldestVersion || result.version > kNewestVersion)
    return Error{ErrorCode::kUnsupported,
                 text(file.name, ": at byte 0: expected CTranslate2 version ", kOldestVersion, "..",
                      kNewestVersion, ", found ", result.version)};
  NPU_TRY_ASSIGN(result.spec, read_string(reader, "the spec's name"));
  NPU_TRY_ASSIGN(result.revision, reader.value<uint32_t>("the spec's revision"));
  NPU_TRY(read_tensors(reader, result));
  if (result.version >= kAliasVersion) NPU_TRY(read_aliases(reader, result));
  if (reader.left() != 0)
    return reader.error("expected the end of the file, found ", reader.left(), " more bytes");
  return result;
}

}  // namespace npu
