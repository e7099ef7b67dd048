// SPDX-License-Identifier: LGPL-2.1-or-later
// What every file reader makes of its file: sizes, vocabulary, and where each canonical tensor
// lies.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/dims.h"
#include "model/model_file.h"
#include "model/stored_tensor.h"
#include "result.h"

namespace npu {

// A canonical tensor and what else the file promises about it, which is looked at when it is read.
struct ModelTensor {
  StoredTensor values;
  // Must be all zeros: the bias of K that CTranslate2 stores and Whisper does not have.
  std::optional<StoredTensor> zeros;
  // Must hold the same bytes: an output projection stored beside the embedding it is tied to.
  std::optional<StoredTensor> twin;
};

// By canonical name (model/weights.h).
using TensorTable = std::unordered_map<std::string, ModelTensor>;

// Spans are borrowed from the bytes that the reader was given.
struct ModelContents {
  std::string format;  // ModelFile::format()
  ModelDims dims{};
  TensorTable tensors;
  TokenBytes tokens;  // empty: the folder has no vocabulary
  std::optional<AlignmentHeads> alignment_heads;
  std::optional<MelFilters> mel_filters;
};

// Checks that the sizes are those of a Whisper network: bands 80 or 128, 64 columns per head,
// vocabulary 51864..51866, layers and widths positive and bounded. Errors: kBadModel, naming
// `file`, expected and found.
Result<void> check_dims(const std::string& file, const ModelDims& dims);

// Checks (layer, head) pairs against `dims` and sorts them. Errors: kBadModel (outside, twice).
Result<AlignmentHeads> check_alignment_heads(const std::string& file, const ModelDims& dims,
                                             AlignmentHeads heads);

// Checks that `table` has every tensor of expected_weights(dims), of its shape. Errors: kBadModel.
Result<void> check_tensors(const std::string& file, const ModelDims& dims,
                           const TensorTable& table);

// The number of text tokens that a vocabulary of that size starts with: 50256 or 50257.
int text_tokens(int vocabulary);

}  // namespace npu
