// SPDX-License-Identifier: LGPL-2.1-or-later
// Listens to speech in f32 and makes of what it has seen a network in the array's arithmetic.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "model/model.h"
#include "quantised/quantise.h"

namespace npu::prepare {

// One thread at a time.
class Calibration {
 public:
  // Loads the model at `path` (resolve_model()) on the CPU. `threads` as in DeviceRequest. Errors:
  // those of Model::load().
  static Result<std::unique_ptr<Calibration>> create(const std::string& path, int threads,
                                                     const CancelToken& cancel);
  ~Calibration();

  // Told how many samples of a recording were handed to the network, from the thread that listens.
  using Heard = std::function<void(size_t samples)>;

  // Transcribes a recording (16 kHz, mono), in `language` or, if that is empty, in the one that is
  // heard; returns the text. Errors: those of Transcriber.
  Result<std::string> listen(std::span<const float> samples, const std::string& language,
                             const CancelToken& cancel, const Heard& heard = nullptr);

  // Errors: those of quantise().
  Result<quantised::Network> quantise(const quantised::QuantiseOptions& options,
                                      const CancelToken& cancel) const;

  // Of the weights that were calibrated.
  // Errors: kNotFound, kIo.
  Result<WeightIdentity> identity() const;

 private:
  struct Observed;
  Calibration();
  std::unique_ptr<Observed> observed_;
};

}  // namespace npu::prepare
