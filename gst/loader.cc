// SPDX-License-Identifier: LGPL-2.1-or-later
// The loading thread.
#include "loader.h"

#include <utility>

#include "debug.h"
#include "messages.h"
#include "settings.h"

namespace npu::gst {

Loader::~Loader() {
  unload();
}

Loader::Outcome Loader::outcome() const {
  std::lock_guard lock(mutex_);
  return outcome_;
}

void Loader::start(std::shared_ptr<Engine> engine, const ModelRequest& request) {
  const bool same = same_model(request, request_);
  const Outcome now = outcome();
  if (same && now.model) {
    changed_();
    return;
  }
  if (same && thread_.joinable() && !now.done()) return;
  unload();
  request_ = request;
  cancel_ = CancelSource();
  thread_ = std::thread([this, engine = std::move(engine), request, cancel = cancel_.token()] {
    load(*engine, request, cancel);
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

void Loader::load(Engine& engine, const ModelRequest& request, const CancelToken& cancel) {
  post_progress(element_, GST_PROGRESS_TYPE_START, text("Loading the model ", request.model));
  int told_percent = 0;
  const auto progress = [&](double fraction) {
    const int percent = static_cast<int>(fraction * 100);
    if (percent < told_percent + 5 || percent >= 100) return;
    told_percent = percent;
    post_progress(element_, GST_PROGRESS_TYPE_CONTINUE,
                  text("Loading the model ", request.model, ": ", percent, " %"));
  };
  auto loaded = engine.load(request, progress, cancel);
  Outcome outcome;
  if (loaded) {
    outcome.model = *std::move(loaded);
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
