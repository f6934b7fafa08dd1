// mpi_module.cpp - libip2p_mpi.so: the only file that knows MPI. Knows no libtorch.
#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <string>

#include <mpi.h>

#include "ip2p/base/error.h"

#include "mpi_world.h"

namespace ip2p {
namespace {

/// MPI counts in int; larger messages go in parts.
constexpr std::size_t largest_message = std::size_t{1} << 30;

void check(int code, const char* doing) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> sentence{};
  int length = 0;
  MPI_Error_string(code, sentence.data(), &length);
  throw Error(Exit::device,
              text("MPI failed ", doing, ": ",
                   std::string(sentence.data(), static_cast<std::size_t>(length)),
                   "; a process is lost or cannot be reached, so start the run again"));
}

class World : public MpiWorld {
 public:
  World() {
    int provided = 0;
    // One thread speaks to MPI; libtorch's others only compute.
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "to start");
    // By default an error ends the process without a word of ours.
    check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "to start");
    int rank = 0;
    int size = 0;
    check(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "to start");
    check(MPI_Comm_size(MPI_COMM_WORLD, &size), "to start");
    rank_ = static_cast<std::uint64_t>(rank);
    size_ = static_cast<std::uint64_t>(size);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Leaving waits for the others. A process that fails must not: it ends without leaving, which
  /// mpirun sees, and ends the others too.
  ~World() override {
    if (std::uncaught_exceptions() == 0) MPI_Finalize();
  }

  [[nodiscard]] std::uint64_t rank() const override { return rank_; }
  [[nodiscard]] std::uint64_t size() const override { return size_; }

  void sum(std::span<float> values) override {
    for (; !values.empty(); values = values.subspan(std::min(values.size(), largest_message)))
      check(MPI_Allreduce(MPI_IN_PLACE, values.data(), count(values.size()), MPI_FLOAT, MPI_SUM,
                          MPI_COMM_WORLD),
            "to add numbers up");
  }

  void broadcast(std::span<std::uint8_t> bytes) override {
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(bytes.size(), largest_message)))
      check(MPI_Bcast(bytes.data(), count(bytes.size()), MPI_BYTE, 0, MPI_COMM_WORLD),
            "to hand numbers on");
  }

  void wait() override { check(MPI_Barrier(MPI_COMM_WORLD), "to wait"); }

 private:
  static int count(std::size_t left) { return static_cast<int>(std::min(left, largest_message)); }

  std::uint64_t rank_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace

extern "C" __attribute__((visibility("default"))) MpiWorld* ip2p_join_mpi() {
  return std::make_unique<World>().release();
}

}  // namespace ip2p
