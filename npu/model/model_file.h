// SPDX-License-Identifier: LGPL-2.1-or-later
// An opened model file or directory of any supported format: structure checked, values not yet
// read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "device/device.h"
#include "model/dims.h"
#include "result.h"
#include "whisper/network.h"

namespace npu {

// Raw bytes of each text token, by id: 50256 (.en) or 50257 entries, id 50256 of multilingual
// vocabularies is empty. Special tokens are not in it: ids beyond follow from the vocabulary size.
using TokenBytes = std::vector<std::string>;

// Filter bank as the file carries it (ggml): [bands][201], row-major.
using MelFilters = std::vector<float>;

// Immutable once open; read() may be called from one thread at a time. Files are mapped, and
// unmapped when the object goes.
class ModelFile : public WeightSource {
 public:
  // Packed weights may be kept under this identity; before, they are not.
  void identify(WeightIdentity identity) { identity_ = std::move(identity); }
  WeightIdentity identity() const final { return identity_; }
  // Null before there is an identity.
  Reopener reopener() const override;

  virtual const std::string& path() const = 0;
  // "ggml q5_1", "Hugging Face f16", "CTranslate2 int8": for people.
  virtual std::string format() const = 0;
  virtual const ModelDims& dims() const = 0;
  // Hands the vocabulary over; may be called once. Empty if a folder has none beside its weights.
  virtual TokenBytes take_tokens() = 0;
  // From the file's own configuration, if it has one; sorted by layer, then head.
  virtual const std::optional<AlignmentHeads>& alignment_heads() const = 0;
  virtual const std::optional<MelFilters>& mel_filters() const = 0;

 private:
  WeightIdentity identity_;
};

// Opens `path`: a ggml file, a Hugging Face directory (safetensors) or a CTranslate2 directory,
// told apart by content. Checks magic, version, every length, offset, name, shape and dtype, and
// that each expected tensor is there once. Takes well under a second for any size, since values are
// not read. Errors: kNotFound, kIo, kBadModel, kUnsupported (formats and tensor types that are not
// handled); each names the file, the place in it, and what was expected and found.
Result<std::unique_ptr<ModelFile>> open_model_file(const std::string& path);

// The alignment heads of OpenAI's models by their sizes; all heads of the last half of the decoder
// layers for an unknown model. Sorted by layer, then head.
AlignmentHeads default_alignment_heads(const ModelDims& dims);

}  // namespace npu
