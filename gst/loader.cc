// SPDX-License-Identifier: LGPL-2.1-or-later
// The loading thread.
#include "loader.h"

#include <atomic>
#include <utility>

#include "debug.h"
#include "messages.h"
#include "settings.h"

namespace npu::gst {
namespace {

// Null if it is not wanted, or wanted only if it is there. Errors: those of VadModel::load().
Result<std::shared_ptr<const VadModel>> load_detector(GstElement* element, VadChoice choice,
                                                      const CancelToken& cancel) {
  if (choice == VadChoice::kOff) return std::shared_ptr<const VadModel>();
  auto loaded = VadModel::load(kVadModelName, cancel);
  if (loaded || choice == VadChoice::kOn || loaded.error().code != ErrorCode::kNotFound)
    return loaded;
  static std::atomic<bool> told{false};
  const GstDebugLevel level = told.exchange(true) ? GST_LEVEL_INFO : GST_LEVEL_WARNING;
  GST_CAT_LEVEL_LOG(npuwhisper_debug, level, element, "without voice activity detection: %s",
                    loaded.error().message.c_str());
  return std::shared_ptr<const VadModel>();
}

}  // namespace

Loader::~Loader() {
  unload();
}

Loader::Outcome Loader::outcome() const {
  std::lock_guard lock(mutex_);
  return outcome_;
}

void Loader::start(std::shared_ptr<Engine> engine, const ModelRequest& request, VadChoice vad) {
  const bool same = same_model(request, request_) && vad == vad_;
  const Outcome now = outcome();
  if (same && now.model) {
    changed_();
    return;
  }
  if (same && thread_.joinable() && !now.done()) return;
  unload();
  request_ = request;
  vad_ = vad;
  cancel_ = CancelSource();
  thread_ = std::thread([this, engine = std::move(engine), request, vad, cancel = cancel_.token()] {
    load(*engine, request, vad, cancel);
  });
}

void Loader::unload() {
  cancel_.cancel();
  if (thread_.joinable()) thread_.join();
  {
    std::lock_guard lock(mutex_);
    outcome_ = {};
  }
  changed_();
}

Result<Loader::Outcome> Loader::load_all(Engine& engine, const ModelRequest& request, VadChoice vad,
                                         const CancelToken& cancel) {
  // First what is small: its error comes at once.
  Outcome outcome;
  NPU_TRY_ASSIGN(outcome.vad, load_detector(element_, vad, cancel));
  int told_percent = 0;
  const auto progress = [&](double fraction) {
    const int percent = static_cast<int>(fraction * 100);
    if (percent < told_percent + 5 || percent >= 100) return;
    told_percent = percent;
    post_progress(element_, GST_PROGRESS_TYPE_CONTINUE,
                  text("Loading the model ", request.model, ": ", percent, " %"));
  };
  NPU_TRY_ASSIGN(outcome.model, engine.load(request, progress, cancel));
  return outcome;
}

void Loader::load(Engine& engine, const ModelRequest& request, VadChoice vad,
                  const CancelToken& cancel) {
  post_progress(element_, GST_PROGRESS_TYPE_START, text("Loading the model ", request.model));
  auto loaded = load_all(engine, request, vad, cancel);
  Outcome outcome;
  if (loaded) {
    outcome = *std::move(loaded);
    GST_INFO_OBJECT(element_, "%s", outcome.model->description().c_str());
  } else {
    outcome.error = loaded.error();
    GST_INFO_OBJECT(element_, "%s", outcome.error->message.c_str());
  }
  {
    std::lock_guard lock(mutex_);
    outcome_ = outcome;
  }
  if (outcome.model)
    post_progress(element_, GST_PROGRESS_TYPE_COMPLETE,
                  text("Loaded ", outcome.model->description()));
  else if (outcome.error->code == ErrorCode::kCancelled)
    post_progress(element_, GST_PROGRESS_TYPE_CANCELED,
                  text("Loading the model ", request.model, " was canceled"));
  else
    post_progress(element_, GST_PROGRESS_TYPE_ERROR, outcome.error->message);
  changed_();
}

}  // namespace npu::gst
