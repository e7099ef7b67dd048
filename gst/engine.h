// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element needs of the engine, as an interface: the plugin uses Whisper
// (engine_whisper.h), the tests a scripted engine.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cancel.h"
#include "device/device_work.h"
#include "model/model.h"
#include "result.h"
#include "whisper/transcriber.h"

namespace npu::gst {

// A model on its device. Immutable, thread-safe, shared.
class LoadedModel {
 public:
  virtual ~LoadedModel() = default;
  // What the active-device property shows: "cpu", "npu".
  // Another one if that was lost and something took its place.
  virtual std::string device() const = 0;
  // Why it is another device than was loaded on: what was lost, and how. None: it was not.
  virtual std::optional<std::string> loss() const { return {}; }
  // What it computes in, and with which instructions; for the stats.
  virtual std::string arithmetic() const = 0;
  // What its device has counted, for all users of the model; empty if it counts nothing.
  virtual std::vector<ListWork> device_work() const { return {}; }
  // One line for people: path, format, device.
  virtual std::string description() const = 0;
  // Errors: those of npu::Transcriber::create().
  virtual Result<std::unique_ptr<Transcriber>> transcriber(
      const TranscribeOptions& options) const = 0;
};

// Loads models. Thread-safe.
class Engine {
 public:
  virtual ~Engine() = default;
  // Blocks until the model is there or `cancel` fires. Errors: those of npu::Model::load().
  virtual Result<std::shared_ptr<const LoadedModel>> load(const ModelRequest& request,
                                                          const LoadProgress& progress,
                                                          const CancelToken& cancel) = 0;
};

}  // namespace npu::gst
