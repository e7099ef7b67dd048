// SPDX-License-Identifier: LGPL-2.1-or-later
// Loads the model, and the voice activity detector, on a thread of its own, with PROGRESS messages.
#pragma once

#include <gst/gst.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "engine.h"
#include "settings.h"
#include "vad/vad_model.h"

namespace npu::gst {

// Thread-safe, except that start() and unload() come from state changes, one at a time. Its mutex
// is a leaf, and not held while posting.
class Loader {
 public:
  // What a load came to; neither before it has ended.
  struct Outcome {
    std::shared_ptr<const LoadedModel> model;
    std::shared_ptr<const VadModel> vad;  // with `model`, if it is wanted and there
    std::optional<Error> error;
    bool done() const { return model || error; }
  };

  // `element` must outlive the loader. `changed` is called, without a lock, whenever outcome() has
  // changed: from the loading thread, start() and unload().
  Loader(GstElement* element, std::function<void()> changed)
      : element_(element), changed_(std::move(changed)) {}
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Begins to load, unless that model is there or on its way. A load that failed is tried again,
  // and one of something else is cancelled.
  void start(std::shared_ptr<Engine> engine, const ModelRequest& request, VadChoice vad);
  // Cancels a load, waits for its thread (within the engine's 100 ms) and lets the model go.
  void unload();
  Outcome outcome() const;

 private:
  void load(Engine& engine, const ModelRequest& request, VadChoice vad, const CancelToken& cancel);
  Result<Outcome> load_all(Engine& engine, const ModelRequest& request, VadChoice vad,
                           const CancelToken& cancel);

  GstElement* const element_;
  const std::function<void()> changed_;
  std::thread thread_;                // of state changes only
  ModelRequest request_;              // the same
  VadChoice vad_ = VadChoice::kAuto;  // the same
  CancelSource cancel_;               // the same

  mutable std::mutex mutex_;
  Outcome outcome_;  // guarded by mutex_
};

}  // namespace npu::gst
