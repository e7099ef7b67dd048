// SPDX-License-Identifier: LGPL-2.1-or-later
// The tensor records of a ggml file, which follow each other to its end, and their types.
// Source of the layout: ggml-org/whisper.cpp:models/convert-pt-to-ggml.py.
#pragma once

#include <string>

#include "model/byte_reader.h"
#include "model/model_contents.h"
#include "model/tensor_type.h"
#include "result.h"

namespace npu {

// The type of a file's matrices from the header's `ftype`. Errors: kUnsupported for types that are
// not read, by name; kBadModel for an old generation of the block layouts.
Result<TensorType> ggml_file_type(const std::string& file, uint64_t offset, int stored);

// Reads all records from the reader's place to the end. Names are those of
// expected_weights(dims), each at most once; shapes are not compared. Errors: kBadModel,
// kUnsupported.
Result<TensorTable> read_ggml_tensors(ByteReader in, const ModelDims& dims, TensorType file_type);

}  // namespace npu
