// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/ggml_model.h"

#include <algorithm>

#include "model/byte_reader.h"
#include "model/ggml_tensors.h"
#include "model/mel_filters.h"

namespace npu {
namespace {

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
    NPU_TRY_ASSIGN(contents_.tensors, read_ggml_tensors(in_, contents_.dims, file_type_));
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
    NPU_TRY_ASSIGN(file_type_, ggml_file_type(in_.file(), offset, stored));
    contents_.format = text("ggml ", type_name(file_type_));
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

  ByteReader in_;
  ModelContents contents_;
  TensorType file_type_ = TensorType::kF32;
};

}  // namespace

Result<ModelContents> read_ggml_model(const FileBytes& file) {
  return Reader(file).read();
}

}  // namespace npu
