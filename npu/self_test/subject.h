// SPDX-License-Identifier: LGPL-2.1-or-later
// What a self-test of the NPU runs: Whisper's lists, of a network that needs no file or of a model.
#pragma once

#include "device/self_test.h"
#include "model/model_file.h"

namespace npu {

// A small network with weights from a fixed seed, the same on every machine: all kinds of
// operations, three heads on four columns, 384 encoder positions.
// Errors: none that are the caller's.
Result<SelfTestSubject> random_subject();

// The model that `file` is, on all positions of a window. Errors: kNotFound (it was not prepared
// for precision npu: says which command does it), kBadModel, kIo.
Result<SelfTestSubject> subject_of(const ModelFile& file);

}  // namespace npu
