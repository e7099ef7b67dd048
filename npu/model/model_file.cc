// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/model_file.h"

#include <cassert>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "model/byte_reader.h"
#include "model/ctranslate2_model.h"
#include "model/json_file.h"
#include "model/mapped_file.h"
#include "model/model_contents.h"
#include "model/vocabulary_file.h"

namespace npu {
namespace {

namespace fs = std::filesystem;

// The one implementation: what a reader found, and the mappings it lies in.
class OpenModelFile final : public ModelFile {
 public:
  OpenModelFile(std::string path, ModelContents contents,
                std::vector<std::unique_ptr<MappedFile>> mappings)
      : path_(std::move(path)), contents_(std::move(contents)), mappings_(std::move(mappings)) {}

  const std::string& path() const override { return path_; }
  std::string format() const override { return contents_.format; }
  const ModelDims& dims() const override { return contents_.dims; }
  TokenBytes take_tokens() override { return std::move(contents_.tokens); }
  const std::optional<AlignmentHeads>& alignment_heads() const override {
    return contents_.alignment_heads;
  }
  const std::optional<MelFilters>& mel_filters() const override { return contents_.mel_filters; }

  Result<void> read(const WeightRef& ref, std::span<float> out) override {
    const auto found = contents_.tensors.find(ref.name);
    if (found == contents_.tensors.end())
      return Error{ErrorCode::kBadModel,
                   text(path_, ": expected a tensor ", ref.name, " ", ref.shape, ", found none")};
    const ModelTensor& tensor = found->second;
    if (tensor.values.shape != ref.shape || out.size() != ref.shape.elements())
      return Error{
          ErrorCode::kBadModel,
          text(path_, ": tensor ", ref.name, ": expected shape ", ref.shape, " and ",
               ref.shape.elements(), " values, found ", tensor.values.shape, " and ", out.size())};
    will_need(tensor.values.data);
    NPU_TRY(read_values(tensor.values, out));
    if (tensor.zeros) NPU_TRY(check_zeros(*tensor.zeros));
    if (tensor.twin) NPU_TRY(check_twin(tensor.values, *tensor.twin));
    // The packed copy is the one that stays: without this both would be resident at the end.
    done_with(tensor.values.data);
    return {};
  }

 private:
  static Result<void> check_zeros(const StoredTensor& tensor) {
    std::vector<float> values(tensor.shape.elements());
    NPU_TRY(read_values(tensor, values));
    for (size_t i = 0; i < values.size(); ++i)
      if (values[i] != 0.0f)
        return bad_file(tensor.file, tensor.offset, "tensor ", printable(tensor.name),
                        ": expected zeros in the part of the keys, found ", values[i],
                        " as number ", i);
    return {};
  }

  static Result<void> check_twin(const StoredTensor& tensor, const StoredTensor& twin) {
    const auto same = [](std::span<const std::byte> a, std::span<const std::byte> b) {
      return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
    };
    if (tensor.type == twin.type && tensor.shape == twin.shape && same(tensor.data, twin.data) &&
        same(tensor.scales, twin.scales)) {
      done_with(twin.data);
      return {};
    }
    return bad_file(twin.file, twin.offset, "tensor ", printable(twin.name),
                    ": expected the same values as in ", printable(tensor.name),
                    ", found other ones");
  }

  std::string path_;
  ModelContents contents_;
  std::vector<std::unique_ptr<MappedFile>> mappings_;
};

Result<std::unique_ptr<ModelFile>> open_ctranslate2(const fs::path& folder) {
  std::vector<std::unique_ptr<MappedFile>> mappings(1);
  NPU_TRY_ASSIGN(mappings[0], MappedFile::open((folder / "model.bin").string()));
  NPU_TRY_ASSIGN(ModelContents contents, read_ctranslate2_model(mappings[0]->contents()));
  const std::string config = (folder / "config.json").string();
  std::error_code error;
  if (fs::exists(config, error)) {
    NPU_TRY_ASSIGN(const std::string content, read_small_file(config, kJsonLimitBytes));
    NPU_TRY_ASSIGN(contents.alignment_heads,
                   read_ctranslate2_config(config, content, contents.dims));
  }
  NPU_TRY_ASSIGN(contents.tokens, read_vocabulary(folder.string(), contents.dims.vocabulary));
  return std::unique_ptr<ModelFile>(
      new OpenModelFile(folder.string(), std::move(contents), std::move(mappings)));
}

}  // namespace

Result<std::unique_ptr<ModelFile>> open_model_file(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status))
    return Error{ErrorCode::kNotFound, text(path, ": no such file or folder")};
  if (fs::is_directory(status) && fs::exists(fs::path(path) / "model.bin", error))
    return open_ctranslate2(path);
  return Error{ErrorCode::kUnsupported, text(path, ": not a model")};
}

}  // namespace npu
