// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/model_contents.h"

#include <algorithm>

#include "model/byte_reader.h"
#include "model/weights.h"

namespace npu {
namespace {

// Far above large-v3 (1280 columns, 32 layers), and small enough that no size computed from them
// overflows.
constexpr int kMaxWidth = 8192;
constexpr int kMaxLayers = 128;
constexpr int kMaxFeedForward = 65536;

Error wrong(const std::string& file, std::string_view what, std::string_view expected, int found) {
  return Error{ErrorCode::kBadModel,
               text(file, ": ", what, ": expected ", expected, ", found ", found)};
}

Result<void> check_range(const std::string& file, std::string_view what, int value, int limit) {
  if (value < 1 || value > limit) return wrong(file, what, text("1..", limit), value);
  return {};
}

}  // namespace

Result<void> check_dims(const std::string& file, const ModelDims& dims) {
  if (dims.mel_bands != 80 && dims.mel_bands != 128)
    return wrong(file, "mel bands", "80 or 128", dims.mel_bands);
  if (dims.vocabulary < 51864 || dims.vocabulary > 51866)
    return wrong(file, "vocabulary size", "51864, 51865 or 51866", dims.vocabulary);
  NPU_TRY(check_range(file, "width", dims.width, kMaxWidth));
  if (dims.width % kHeadSize != 0)
    return wrong(file, "width", text("a multiple of ", kHeadSize), dims.width);
  if (dims.heads != dims.width / kHeadSize)
    return wrong(file, "attention heads", text(dims.width / kHeadSize, " for width ", dims.width),
                 dims.heads);
  NPU_TRY(check_range(file, "encoder layers", dims.encoder_layers, kMaxLayers));
  NPU_TRY(check_range(file, "decoder layers", dims.decoder_layers, kMaxLayers));
  return check_range(file, "feed-forward width", dims.feed_forward, kMaxFeedForward);
}

Result<AlignmentHeads> check_alignment_heads(const std::string& file, const ModelDims& dims,
                                             AlignmentHeads heads) {
  for (const auto& [layer, head] : heads) {
    if (layer < 0 || layer >= dims.decoder_layers || head < 0 || head >= dims.heads)
      return Error{ErrorCode::kBadModel,
                   text(file, ": alignment head (", layer, ", ", head, "): expected a layer below ",
                        dims.decoder_layers, " and a head below ", dims.heads)};
  }
  std::sort(heads.begin(), heads.end());
  const auto twice = std::adjacent_find(heads.begin(), heads.end());
  if (twice != heads.end())
    return Error{ErrorCode::kBadModel, text(file, ": alignment head (", twice->first, ", ",
                                            twice->second, ") is listed twice")};
  return heads;
}

Result<void> check_tensors(const std::string& file, const ModelDims& dims,
                           const TensorTable& table) {
  for (const WeightRef& ref : expected_weights(dims)) {
    const auto found = table.find(ref.name);
    if (found == table.end())
      return Error{ErrorCode::kBadModel,
                   text(file, ": expected a tensor ", ref.name, " ", ref.shape, ", found none")};
    const StoredTensor& values = found->second.values;
    if (values.shape != ref.shape)
      return bad_file(values.file, values.offset, "tensor ", printable(values.name),
                      ": expected shape ", ref.shape, ", found ", values.shape);
  }
  return {};
}

int text_tokens(int vocabulary) {
  return vocabulary >= 51865 ? 50257 : 50256;
}

}  // namespace npu
