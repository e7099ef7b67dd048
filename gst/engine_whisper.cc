// SPDX-License-Identifier: LGPL-2.1-or-later
// Adapts npu::Model and npu::Transcriber to the element's engine interface.
#include "engine_whisper.h"

#include <exception>
#include <new>
#include <utility>

namespace npu::gst {
namespace {

class WhisperModel : public LoadedModel {
 public:
  explicit WhisperModel(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

  std::string device() const override { return std::string(model_->device().name()); }

  std::optional<std::string> loss() const override { return model_->device().loss(); }

  std::string arithmetic() const override {
    return text(precision_name(model_->program().precision()), " on ",
                model_->device().description());
  }

  std::vector<ListWork> device_work() const override { return work_of(model_->device()); }

  std::string description() const override {
    return text(model_->path(), " (", model_->format(), ") in ", arithmetic());
  }

  Result<std::unique_ptr<Transcriber>> transcriber(
      const TranscribeOptions& options) const override {
    return Transcriber::create(model_, options);
  }

 private:
  std::shared_ptr<const Model> model_;
};

class WhisperEngine : public Engine {
 public:
  Result<std::shared_ptr<const LoadedModel>> load(const ModelRequest& request,
                                                  const LoadProgress& progress,
                                                  const CancelToken& cancel) override {
    // Called on a thread whose frames below are C: memory that runs out must become an error here.
    try {
      NPU_TRY_ASSIGN(auto model, Model::load(request, progress, cancel));
      return std::shared_ptr<const LoadedModel>(std::make_shared<WhisperModel>(std::move(model)));
    } catch (const std::bad_alloc&) {
      return Error{ErrorCode::kOutOfMemory,
                   text("loading the model ", request.model, ": out of memory")};
    } catch (const std::exception& error) {
      return Error{ErrorCode::kInternal,
                   text("loading the model ", request.model, ": ", error.what())};
    }
  }
};

}  // namespace

std::shared_ptr<Engine> whisper_engine() {
  static const std::shared_ptr<Engine> engine = std::make_shared<WhisperEngine>();
  return engine;
}

}  // namespace npu::gst
