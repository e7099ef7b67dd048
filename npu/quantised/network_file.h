// SPDX-License-Identifier: LGPL-2.1-or-later
// A quantised network as a file (device/packed_file.h), and where prepared models are kept.
#pragma once

#include <filesystem>

#include "device/device.h"
#include "quantised/network.h"
#include "result.h"

namespace npu::quantised {

// $NPUWHISPER_PREPARED, else $XDG_DATA_HOME/npuwhisper/prepared, else
// ~/.local/share/npuwhisper/prepared. Empty: there is no home.
std::filesystem::path prepared_folder();

// The file of the model with that identity. Empty if it has none.
std::filesystem::path prepared_file(const WeightIdentity& identity);

// Errors: kIo.
Result<void> write_network(const std::filesystem::path& path, const WeightIdentity& identity,
                           const Network& network);

// Reads and checks all of it. Errors: kNotFound (nothing was prepared: says which command does it),
// kBadModel (damaged, of another version, or prepared from what the model was before), kIo.
Result<Network> read_network(const std::filesystem::path& path, const WeightIdentity& identity);

}  // namespace npu::quantised
