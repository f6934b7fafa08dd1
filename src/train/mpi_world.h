// mpi_world.h - what training needs of MPI, as the library beside the program offers it.
//
// The program itself does not link MPI, so that it runs where none is installed: libip2p_mpi.so
// (mpi_module.cpp) does, and is opened when mpirun's variables say that it is needed.
#pragma once

#include <cstdint>
#include <span>

namespace ip2p {

/// All processes that mpirun started. Every function is called by all of them, in the same order,
/// from the thread that joined. Error{device} when MPI says that it failed.
class MpiWorld {
 public:
  MpiWorld() = default;
  MpiWorld(const MpiWorld&) = delete;
  MpiWorld& operator=(const MpiWorld&) = delete;
  virtual ~MpiWorld() = default;

  [[nodiscard]] virtual std::uint64_t rank() const = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;

  /// Replaces each value by its sum over the processes.
  virtual void sum(std::span<float> values) = 0;

  /// Replaces the bytes by process 0's.
  virtual void broadcast(std::span<std::uint8_t> bytes) = 0;

  /// Returns when all processes are here.
  virtual void wait() = 0;
};

/// The module's one function. The caller owns what it returns.
extern "C" using JoinMpi = MpiWorld * ();
constexpr auto mpi_library = "libip2p_mpi.so";
constexpr auto join_mpi_name = "ip2p_join_mpi";

}  // namespace ip2p
