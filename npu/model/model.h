// SPDX-License-Identifier: LGPL-2.1-or-later
// A model ready to run: tokenizer, sizes and the program on its device. Immutable; shared by every
// element of the process that names the same file and device.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "device/device.h"
#include "device/open.h"
#include "model/dims.h"
#include "model/model_file.h"
#include "model/tokenizer.h"
#include "result.h"

namespace npu {

struct ModelRequest {
  std::string model = "base";  // a path, or a name that resolve_model() finds
  DeviceRequest device;
  Precision precision = Precision::kF32;
};

// Turns a name or a path into a path. A string with a slash, or that exists, is a path; a name is
// looked up below model_folder(). Errors: kNotFound, with the command that fetches the model.
Result<std::string> resolve_model(const std::string& model);

// $NPUWHISPER_MODELS, else $XDG_DATA_HOME/npuwhisper/models, else ~/.local/share/npuwhisper/models.
std::string model_folder();

// Thread-safe.
class Model {
 public:
  // Loads, or returns the one that another user of this process holds for the same file (by
  // canonical path, size and modification time), device, index, threads and precision. Concurrent
  // calls for the same model load it once; a call that is cancelled while it waits for another's
  // load returns at once. Errors: those of resolve_model(), open_model_file(), open_device() and
  // Device::load().
  static Result<std::shared_ptr<const Model>> load(const ModelRequest& request,
                                                   const LoadProgress& progress,
                                                   const CancelToken& cancel);

  // Loads from an open file onto a device that the caller made; no cache. For tests and tools.
  static Result<std::shared_ptr<const Model>> create(std::unique_ptr<ModelFile> file,
                                                     std::unique_ptr<Device> device,
                                                     Precision precision,
                                                     const LoadProgress& progress,
                                                     const CancelToken& cancel);

  const std::string& path() const { return path_; }
  const std::string& format() const { return format_; }
  const ModelDims& dims() const { return dims_; }
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const AlignmentHeads& alignment_heads() const { return alignment_heads_; }
  // [bands][201] from the file, or the computed one.
  const MelFilters& mel_filters() const { return mel_filters_; }
  const Device& device() const { return *device_; }
  const Program& program() const { return *program_; }

 private:
  Model() = default;

  std::string path_;
  std::string format_;
  ModelDims dims_{};
  AlignmentHeads alignment_heads_;
  MelFilters mel_filters_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<Device> device_;
  std::unique_ptr<Program> program_;  // after device_: goes first
};

}  // namespace npu
