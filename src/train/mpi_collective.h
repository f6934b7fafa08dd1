// mpi_collective.h - a Collective of processes on CPUs.
#pragma once

#include <memory>

#include "ip2p/train/collective.h"

#include "mpi_world.h"

namespace ip2p {

std::unique_ptr<Collective> make_mpi_collective(std::unique_ptr<MpiWorld> world);

}  // namespace ip2p
