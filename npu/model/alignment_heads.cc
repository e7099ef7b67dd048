// SPDX-License-Identifier: LGPL-2.1-or-later
// The alignment heads of OpenAI's models, for files that do not list them.
// Source: openai/whisper:whisper/__init__.py, _ALIGNMENT_HEADS, decoded.
#include <algorithm>
#include <vector>

#include "model/model_file.h"

namespace npu {
namespace {

struct KnownModel {
  int width;
  int encoder_layers;
  int decoder_layers;
  bool multilingual;
  int mel_bands;
  AlignmentHeads heads;
};

// large-v1 has the sizes of large-v2, whose heads are given for both.
const std::vector<KnownModel>& known_models() {
  static const std::vector<KnownModel> models = {
      // tiny.en, tiny
      {384, 4, 4, false, 80, {{1, 0}, {2, 0}, {2, 5}, {3, 0}, {3, 1}, {3, 2}, {3, 3}, {3, 4}}},
      {384, 4, 4, true, 80, {{2, 2}, {3, 0}, {3, 2}, {3, 3}, {3, 4}, {3, 5}}},
      // base.en, base
      {512, 6, 6, false, 80, {{3, 3}, {4, 7}, {5, 1}, {5, 5}, {5, 7}}},
      {512, 6, 6, true, 80, {{3, 1}, {4, 2}, {4, 3}, {4, 7}, {5, 1}, {5, 2}, {5, 4}, {5, 6}}},
      // small.en, small
      {768,
       12,
       12,
       false,
       80,
       {{6, 6},
        {7, 0},
        {7, 3},
        {7, 8},
        {8, 2},
        {8, 5},
        {8, 7},
        {9, 0},
        {9, 4},
        {9, 8},
        {9, 10},
        {10, 0},
        {10, 1},
        {10, 2},
        {10, 3},
        {10, 6},
        {10, 11},
        {11, 2},
        {11, 4}}},
      {768,
       12,
       12,
       true,
       80,
       {{5, 3}, {5, 9}, {8, 0}, {8, 4}, {8, 7}, {8, 8}, {9, 0}, {9, 7}, {9, 9}, {10, 5}}},
      // medium.en, medium
      {1024,
       24,
       24,
       false,
       80,
       {{11, 4},
        {14, 1},
        {14, 12},
        {14, 14},
        {15, 4},
        {16, 0},
        {16, 4},
        {16, 9},
        {17, 12},
        {17, 14},
        {18, 7},
        {18, 10},
        {18, 15},
        {20, 0},
        {20, 3},
        {20, 9},
        {20, 14},
        {21, 12}}},
      {1024, 24, 24, true, 80, {{13, 15}, {15, 4}, {15, 15}, {16, 1}, {20, 0}, {23, 4}}},
      // large-v2, large-v3, turbo
      {1280, 32, 32, true, 80, {{10, 12}, {13, 17}, {16, 11}, {16, 12}, {16, 13}, {17, 15},
                                {17, 16}, {18, 4},  {18, 11}, {18, 19}, {19, 11}, {21, 2},
                                {21, 3},  {22, 3},  {22, 9},  {22, 12}, {23, 5},  {23, 7},
                                {23, 13}, {25, 5},  {26, 1},  {26, 12}, {27, 15}}},
      {1280,
       32,
       32,
       true,
       128,
       {{7, 0},
        {10, 17},
        {12, 18},
        {13, 12},
        {16, 1},
        {17, 14},
        {19, 11},
        {21, 4},
        {24, 1},
        {25, 6}}},
      {1280, 32, 4, true, 128, {{2, 4}, {2, 11}, {3, 3}, {3, 6}, {3, 11}, {3, 14}}},
  };
  return models;
}

}  // namespace

AlignmentHeads default_alignment_heads(const ModelDims& dims) {
  const std::vector<KnownModel>& models = known_models();
  const auto known = std::find_if(models.begin(), models.end(), [&](const KnownModel& model) {
    return model.width == dims.width && model.encoder_layers == dims.encoder_layers &&
           model.decoder_layers == dims.decoder_layers &&
           model.multilingual == dims.multilingual() && model.mel_bands == dims.mel_bands;
  });
  if (known != models.end()) return known->heads;
  AlignmentHeads heads;
  for (int layer = dims.decoder_layers / 2; layer < dims.decoder_layers; ++layer)
    for (int head = 0; head < dims.heads; ++head) heads.emplace_back(layer, head);
  return heads;
}

}  // namespace npu
