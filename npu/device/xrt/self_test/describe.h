// SPDX-License-Identifier: LGPL-2.1-or-later
// Operations of the array in words.
#pragma once

#include <string>
#include <vector>

#include "device/xrt/image/operation.h"
#include "quantised/network.h"

namespace npu::array {

// The parameters' names of an operation: its name without the rows, cut at each "+".
std::vector<std::string> parameter_names(const Operation& operation);

// "product, GELU, 12-bit output".
std::string kind_of(const Operation& operation, const quantised::Network& network);

// Of a product "1536 x 512 x 2048", rows x inputs x outputs; of an attention "1536 rows, 8 heads,
// 1536 keys", whole blocks of keys; else rows x columns.
std::string shape_of(const Operation& operation);

}  // namespace npu::array
