// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/model.h"

#include "log.h"
#include "model/mel_filters.h"
#include "model/model_fingerprint.h"
#include "model/shared_cache.h"
#include "whisper/network.h"

namespace npu {
namespace {

// Never destroyed: models may be released by destructors that run after main().
SharedCache<const Model>& process_cache() {
  static auto* const cache = new SharedCache<const Model>;
  return *cache;
}

std::string cache_key(const ModelRequest& request, const std::string& fingerprint) {
  return text(request.device.name, ' ', request.device.index, ' ', request.device.threads, ' ',
              static_cast<int>(request.precision), '\n', fingerprint);
}

}  // namespace

Result<std::shared_ptr<const Model>> Model::create(std::unique_ptr<ModelFile> file,
                                                   std::unique_ptr<Device> device,
                                                   Precision precision,
                                                   const LoadProgress& progress,
                                                   const CancelToken& cancel) {
  std::shared_ptr<Model> model(new Model);
  model->path_ = file->path();
  model->format_ = file->format();
  model->dims_ = file->dims();
  TokenBytes tokens = file->take_tokens();
  if (tokens.empty())
    return Error{ErrorCode::kBadModel,
                 text(model->path_,
                      ": expected a vocabulary beside the weights (tokenizer.json, "
                      "vocab.json, vocabulary.json or vocabulary.txt), found none")};
  auto tokenizer = Tokenizer::create(std::move(tokens), model->dims_.vocabulary);
  if (!tokenizer)
    return Error{tokenizer.error().code, text(model->path_, ": ", tokenizer.error().message)};
  model->tokenizer_ = *std::move(tokenizer);
  model->alignment_heads_ =
      file->alignment_heads() ? *file->alignment_heads() : default_alignment_heads(model->dims_);
  model->mel_filters_ =
      file->mel_filters() ? *file->mel_filters() : slaney_mel_filters(model->dims_.mel_bands);

  const std::vector<OpList> lists = whisper_lists(model->dims_, model->alignment_heads_);
  NPU_TRY_ASSIGN(model->program_, device->load(lists, *file, precision, progress, cancel));
  model->device_ = std::move(device);
  file.reset();  // the device has its own copy: the mapping goes now, not when the caller is done
  log(LogLevel::kInfo,
      text("model ", model->path_, " (", model->format_, ") on ", model->device_->name(), ": ",
           model->program_->weight_bytes(), " bytes of packed weights"));
  return std::shared_ptr<const Model>(std::move(model));
}

Result<std::shared_ptr<const Model>> Model::load(const ModelRequest& request,
                                                 const LoadProgress& progress,
                                                 const CancelToken& cancel) {
  NPU_TRY_ASSIGN(const std::string path, resolve_model(request.model));
  NPU_TRY_ASSIGN(const WeightIdentity identity, weight_identity(path));
  const auto loader = [&]() -> Result<std::shared_ptr<const Model>> {
    NPU_TRY_ASSIGN(std::unique_ptr<ModelFile> file, open_model_file(path));
    file->identify(identity);
    NPU_TRY_ASSIGN(std::unique_ptr<Device> device, open_device(request.device, cancel));
    return create(std::move(file), std::move(device), request.precision, progress, cancel);
  };
  return process_cache().get(cache_key(request, identity.state), loader, cancel);
}

}  // namespace npu
