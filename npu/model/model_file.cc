// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/model_file.h"

#include <filesystem>

#include "model/ctranslate2_model.h"
#include "model/ggml_model.h"
#include "model/hugging_face_model.h"
#include "model/json_file.h"
#include "model/mapped_file.h"
#include "model/model_contents.h"
#include "model/model_fingerprint.h"
#include "model/read_weight.h"
#include "model/vocabulary_file.h"

namespace npu {
namespace {

namespace fs = std::filesystem;
using Opened = Result<std::unique_ptr<ModelFile>>;
using Mappings = std::vector<std::unique_ptr<MappedFile>>;

constexpr const char* kSafetensors = "model.safetensors";
constexpr const char* kSafetensorsIndex = "model.safetensors.index.json";

// The one implementation: what a reader found, and the mappings it lies in.
class OpenModelFile final : public ModelFile {
 public:
  OpenModelFile(std::string path, ModelContents contents, Mappings mappings)
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
    NPU_TRY(read_weight(path_, contents_.tensors, ref, out));
    // The packed copy is the one that stays: without this both would be resident at the end.
    const ModelTensor& tensor = contents_.tensors.at(ref.name);
    done_with(tensor.values.data);
    if (tensor.twin) done_with(tensor.twin->data);
    return {};
  }

 private:
  std::string path_;
  ModelContents contents_;
  Mappings mappings_;
};

// Reads `name` in `folder`, if it is there.
Result<std::optional<TextFile>> read_optional(const fs::path& folder, const char* name) {
  const std::string path = (folder / name).string();
  std::error_code error;
  if (!fs::exists(path, error)) return std::optional<TextFile>();
  NPU_TRY_ASSIGN(std::string content, read_small_file(path, kJsonLimitBytes));
  return std::optional<TextFile>(TextFile{path, std::move(content)});
}

// Maps one file of the model more; its bytes.
Result<FileBytes> map_file(Mappings& mappings, const fs::path& path) {
  NPU_TRY_ASSIGN(std::unique_ptr<MappedFile> file, MappedFile::open(path.string()));
  mappings.push_back(std::move(file));
  return mappings.back()->contents();
}

Opened finish(const fs::path& path, ModelContents contents, Mappings mappings) {
  return std::unique_ptr<ModelFile>(
      new OpenModelFile(path.string(), std::move(contents), std::move(mappings)));
}

Opened open_ctranslate2(const fs::path& folder) {
  Mappings mappings;
  NPU_TRY_ASSIGN(const FileBytes model, map_file(mappings, folder / "model.bin"));
  NPU_TRY_ASSIGN(ModelContents contents, read_ctranslate2_model(model));
  NPU_TRY_ASSIGN(const std::optional<TextFile> config, read_optional(folder, "config.json"));
  if (config) {
    NPU_TRY_ASSIGN(contents.alignment_heads,
                   read_ctranslate2_config(config->name, config->content, contents.dims));
  }
  NPU_TRY_ASSIGN(contents.tokens, read_vocabulary(folder.string(), contents.dims.vocabulary));
  return finish(folder, std::move(contents), std::move(mappings));
}

Opened open_hugging_face(const fs::path& folder) {
  Mappings mappings;
  HuggingFaceFiles files;
  NPU_TRY_ASSIGN(std::optional<TextFile> config, read_optional(folder, "config.json"));
  if (!config)
    return Error{ErrorCode::kBadModel,
                 text(folder.string(), ": expected config.json beside the weights, found none")};
  files.config = *std::move(config);
  NPU_TRY_ASSIGN(files.generation, read_optional(folder, "generation_config.json"));
  NPU_TRY_ASSIGN(files.preprocessor, read_optional(folder, "preprocessor_config.json"));
  std::vector<std::string> names = {kSafetensors};
  if (std::error_code error; !fs::exists(folder / kSafetensors, error)) {
    NPU_TRY_ASSIGN(files.index, read_optional(folder, kSafetensorsIndex));
    NPU_TRY_ASSIGN(names, shard_names(*files.index));
  }
  for (const std::string& name : names) {
    NPU_TRY_ASSIGN(const FileBytes shard, map_file(mappings, folder / name));
    files.shards.push_back(shard);
  }
  NPU_TRY_ASSIGN(ModelContents contents, read_hugging_face_model(files));
  NPU_TRY_ASSIGN(contents.tokens, read_vocabulary(folder.string(), contents.dims.vocabulary));
  return finish(folder, std::move(contents), std::move(mappings));
}

Opened open_ggml(const fs::path& path) {
  Mappings mappings;
  NPU_TRY_ASSIGN(const FileBytes file, map_file(mappings, path));
  NPU_TRY_ASSIGN(ModelContents contents, read_ggml_model(file));
  return finish(path, std::move(contents), std::move(mappings));
}

Opened open_folder(const fs::path& folder) {
  const auto has = [&folder](const char* name) {
    std::error_code error;
    return fs::exists(folder / name, error);
  };
  if (has("model.bin")) return open_ctranslate2(folder);
  if (has(kSafetensors) || has(kSafetensorsIndex)) return open_hugging_face(folder);
  return Error{has("pytorch_model.bin") ? ErrorCode::kUnsupported : ErrorCode::kBadModel,
               text(folder.string(), ": expected model.bin (CTranslate2), ", kSafetensors, " or ",
                    kSafetensorsIndex, " (Hugging Face) in the folder, found ",
                    has("pytorch_model.bin") ? "pytorch_model.bin, a pickle" : "none of them")};
}

}  // namespace

WeightSource::Reopener ModelFile::reopener() const {
  if (identity_.path.empty()) return {};
  return [identity = identity_]() -> Result<std::unique_ptr<WeightSource>> {
    NPU_TRY_ASSIGN(const WeightIdentity now, weight_identity(identity.path));
    if (now.state != identity.state)
      return Error{ErrorCode::kBadModel,
                   text(identity.path,
                        ": expected the model as it was loaded before, found it "
                        "changed; load it anew")};
    NPU_TRY_ASSIGN(auto file, open_model_file(identity.path));
    file->identify(identity);
    return std::unique_ptr<WeightSource>(std::move(file));
  };
}

Result<std::unique_ptr<ModelFile>> open_model_file(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status))
    return Error{ErrorCode::kNotFound, text(path, ": no such file or folder")};
  if (error) return Error{ErrorCode::kIo, text(path, ": cannot examine: ", error.message())};
  return fs::is_directory(status) ? open_folder(path) : open_ggml(path);
}

}  // namespace npu
