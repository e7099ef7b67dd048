// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/ggml_model.h"

#include <algorithm>
#include <unordered_set>

#include "model/byte_reader.h"
#include "model/mel_filters.h"
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

// Reads the file from front to back.
class Reader {
 public:
  explicit Reader(const FileBytes& file) : in_(file) {}

  Result<ModelContents> read() {
    NPU_TRY_ASSIGN(const uint32_t magic, in_.value<uint32_t>("the magic number"));
    if (magic != kGgmlMagic)
      return bad_file(in_.file(), 0, "expected a ggml file, which starts with \"lmgg\", found \"",
                      printable({reinterpret_cast<const char*>(&magic), sizeof magic}),
                      "\"; of a CTranslate2 or Hugging Face model, give the folder");
    NPU_TRY(read_header());
    NPU_TRY(read_filters());
    NPU_TRY(read_vocabulary());
    for (const WeightRef& ref : expected_weights(contents_.dims)) expected_.insert(ref.name);
    while (in_.left() != 0) NPU_TRY(read_tensor());
    NPU_TRY(check_tensors(in_.file(), contents_.dims, contents_.tensors));
    return std::move(contents_);
  }

 private:
  Result<int> number(std::string_view what) { return in_.value<int32_t>(what); }

  // A number that can have one value only.
  Result<void> fixed(std::string_view what, int expected) {
    const size_t offset = in_.offset();
    NPU_TRY_ASSIGN(const int found, number(what));
    if (found != expected)
      return bad_file(in_.file(), offset, what, ": expected ", expected, ", found ", found);
    return {};
  }

  Result<void> read_header() {
    ModelDims& dims = contents_.dims;
    NPU_TRY_ASSIGN(dims.vocabulary, number("the vocabulary size"));
    NPU_TRY(fixed("the audio context", kAudioPositions));
    NPU_TRY_ASSIGN(dims.width, number("the audio width"));
    NPU_TRY_ASSIGN(dims.heads, number("the audio heads"));
    NPU_TRY_ASSIGN(dims.encoder_layers, number("the audio layers"));
    NPU_TRY(fixed("the text context", kTextPositions));
    NPU_TRY(fixed("the text width", dims.width));
    NPU_TRY(fixed("the text heads", dims.heads));
    NPU_TRY_ASSIGN(dims.decoder_layers, number("the text layers"));
    NPU_TRY_ASSIGN(dims.mel_bands, number("the mel bands"));
    // The header has no feed-forward width; in every Whisper it is four times the width.
    dims.feed_forward = dims.width > 0 && dims.width < (1 << 20) ? 4 * dims.width : 0;
    NPU_TRY(check_dims(in_.file(), dims));
    return read_file_type();
  }

  Result<void> read_file_type() {
    const size_t offset = in_.offset();
    NPU_TRY_ASSIGN(const int stored, number("the file type"));
    const int kind = stored % 1000;
    const auto type = std::find_if(std::begin(kTypes), std::end(kTypes), [kind](const auto& row) {
      return row.file_type == kind && kind >= 0;
    });
    if (type == std::end(kTypes)) return unsupported(in_.file(), "file type", nullptr, stored);
    if (!type->type) return unsupported(in_.file(), "file type", type, stored);
    if (block_values(*type->type) > 1 && stored / 1000 != kBlockFormat)
      return bad_file(in_.file(), offset, "quantisation version: expected ", kBlockFormat,
                      ", found ", stored / 1000);
    file_type_ = *type->type;
    contents_.format = text("ggml ", type->name);
    return {};
  }

  Result<void> read_filters() {
    NPU_TRY(fixed("the filter bank's bands", contents_.dims.mel_bands));
    NPU_TRY(fixed("the filter bank's bins", kSpectrumBins));
    StoredTensor filters;
    filters.file = in_.file();
    filters.name = "mel filters";
    filters.shape = {static_cast<size_t>(contents_.dims.mel_bands), kSpectrumBins};
    filters.offset = in_.offset();
    const size_t elements = filters.shape.elements();
    NPU_TRY_ASSIGN(filters.data, in_.bytes(elements * sizeof(float), "the filter bank"));
    contents_.mel_filters.emplace(elements);
    NPU_TRY(read_values(filters, *contents_.mel_filters));
    const auto negative = std::find_if(contents_.mel_filters->begin(), contents_.mel_filters->end(),
                                       [](float value) { return value < 0; });
    if (negative != contents_.mel_filters->end())
      return bad_file(in_.file(), filters.offset,
                      "the filter bank: expected no negative value, found ", *negative);
    return {};
  }

  // Some converters store special tokens as well: those are read over.
  Result<void> read_vocabulary() {
    const int wanted = text_tokens(contents_.dims.vocabulary);
    const size_t offset = in_.offset();
    NPU_TRY_ASSIGN(const int count, number("the number of tokens"));
    if (count < wanted || count > contents_.dims.vocabulary)
      return bad_file(in_.file(), offset, "the number of tokens: expected ", wanted, "..",
                      contents_.dims.vocabulary, ", found ", count);
    for (int id = 0; id < count; ++id) {
      NPU_TRY_ASSIGN(const uint32_t length, in_.value<uint32_t>("the length of a token"));
      NPU_TRY_ASSIGN(const std::span<const std::byte> bytes, in_.bytes(length, "a token"));
      if (id < wanted)
        contents_.tokens.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    return {};
  }

  // Extents are stored innermost first; a bias of n values may have the shape [n, 1].
  Result<Shape> read_shape(int rank) {
    std::vector<size_t> extents;
    uint64_t elements = 1;
    for (int axis = 0; axis < rank; ++axis) {
      NPU_TRY_ASSIGN(const int extent, number("a tensor's extent"));
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
    NPU_TRY_ASSIGN(const int rank, number("a tensor's rank"));
    NPU_TRY_ASSIGN(const int name_bytes, number("the length of a tensor's name"));
    NPU_TRY_ASSIGN(const int type, number("a tensor's type"));
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

  // Matrices have the header's type; vectors, positions and convolutions may be wider.
  Result<void> check_type(const StoredTensor& tensor) const {
    const bool matrix = tensor.shape.rank() == 2 && tensor.name.ends_with(".weight");
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
    if (!contents_.tensors.emplace(name, ModelTensor{std::move(tensor), {}, {}}).second)
      return bad_file(in_.file(), offset, "tensor ", name, " is there twice");
    return {};
  }

  ByteReader in_;
  ModelContents contents_;
  TensorType file_type_ = TensorType::kF32;
  std::unordered_set<std::string> expected_;
};

}  // namespace

Result<ModelContents> read_ggml_model(const FileBytes& file) {
  return Reader(file).read();
}

}  // namespace npu
