# dependencies.cmake - where every library comes from. Debian's packages, but for libtorch (PyPI or an
# official folder) and SentencePiece (built by scripts/setup; Debian's clashes with libtorch).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(ICU REQUIRED COMPONENTS uc)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(TIFF REQUIRED)
pkg_check_modules(LCMS2 REQUIRED IMPORTED_TARGET lcms2)
pkg_check_modules(EXIF REQUIRED IMPORTED_TARGET libexif)
pkg_check_modules(WEBP REQUIRED IMPORTED_TARGET libwebp libwebpmux libwebpdemux)

# Only core and filters: Debian's imgcodecs brings 139 shared libraries and no metadata interface, and
# building OpenCV's own sources takes longer than everything else together. Files are read and written
# with the format libraries themselves (src/image). OpenCVConfig.cmake is in the package that pulls in all
# of OpenCV, hence the search by name.
find_path(IP2P_OPENCV_INCLUDE opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
foreach(part core imgproc)
  find_library(IP2P_OPENCV_${part} opencv_${part} REQUIRED)
  add_library(opencv_${part} SHARED IMPORTED)
  set_target_properties(opencv_${part} PROPERTIES
    IMPORTED_LOCATION ${IP2P_OPENCV_${part}} INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${IP2P_OPENCV_INCLUDE}
    INTERFACE_INCLUDE_DIRECTORIES ${IP2P_OPENCV_INCLUDE})
endforeach()

set(ip2p_native ${PROJECT_SOURCE_DIR}/.venv/native)
add_library(ip2p_sentencepiece STATIC IMPORTED)
set_target_properties(ip2p_sentencepiece PROPERTIES
  IMPORTED_LOCATION ${ip2p_native}/sentencepiece/lib/libsentencepiece.a
  INTERFACE_INCLUDE_DIRECTORIES ${ip2p_native}/sentencepiece/include
  INTERFACE_LINK_OPTIONS "LINKER:--exclude-libs,libsentencepiece.a")
if(NOT EXISTS ${ip2p_native}/sentencepiece/lib/libsentencepiece.a)
  message(FATAL_ERROR "SentencePiece is missing in .venv/native; run scripts/setup")
endif()

# Imported targets rather than find_package(Torch): that asks for a CUDA toolkit when the wheel has CUDA.
# Linking the CPU library is enough; CUDA is loaded at run time (src/model/placement.cpp).
if(IP2P_WITH_TORCH)
  if(NOT IP2P_TORCH)
    file(GLOB ip2p_torch_found ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch)
    list(GET ip2p_torch_found 0 IP2P_TORCH)
  endif()
  if(NOT EXISTS ${IP2P_TORCH}/lib/libtorch_cpu.so)
    message(FATAL_ERROR "libtorch is missing in '${IP2P_TORCH}'; run scripts/setup or give -DIP2P_TORCH=DIR")
  endif()
  foreach(part torch_cpu c10)
    add_library(ip2p_${part} SHARED IMPORTED)
    set_target_properties(ip2p_${part} PROPERTIES IMPORTED_LOCATION ${IP2P_TORCH}/lib/lib${part}.so)
  endforeach()
  add_library(ip2p_torch INTERFACE)
  target_include_directories(ip2p_torch SYSTEM INTERFACE
    ${IP2P_TORCH}/include ${IP2P_TORCH}/include/torch/csrc/api/include)
  # libtorch first: it exports BLAS symbols (MKL's) that OpenCV's dependencies export too, and the
  # first library in the link order is the one that everybody gets.
  target_link_libraries(ip2p_torch INTERFACE ip2p_torch_cpu ip2p_c10)

  if(IP2P_WITH_MPI)
    find_package(MPI COMPONENTS C)
    if(NOT MPI_FOUND)
      message(FATAL_ERROR "MPI is missing; run scripts/setup, or give -DIP2P_WITH_MPI=OFF: training on CPUs "
        "is then one process")
    endif()
  endif()

  # NCCL's and CUDA's headers are in Python packages that torch's brings, beside it, but for those in
  # nvidia-cuda-crt and nvidia-cuda-cccl: no CUDA toolkit is needed. A libtorch without CUDA has nothing to build this for.
  file(GLOB ip2p_cuda_include ${IP2P_TORCH}/../nvidia/cu*/include)
  find_path(ip2p_cuda_crt crt/host_config.h PATHS ${ip2p_cuda_include} NO_DEFAULT_PATH NO_CACHE)
  find_path(ip2p_cuda_cccl nv/target PATHS ${ip2p_cuda_include} NO_DEFAULT_PATH NO_CACHE)
  if(NOT EXISTS ${IP2P_TORCH}/lib/libtorch_cuda.so OR NOT EXISTS ${IP2P_TORCH}/../nvidia/nccl/include/nccl.h
      OR NOT ip2p_cuda_crt OR NOT ip2p_cuda_cccl)
    message(STATUS "No headers of NCCL and CUDA beside ${IP2P_TORCH}: training on several GPUs is left out")
    set(IP2P_WITH_NCCL OFF)
  endif()
  if(IP2P_WITH_NCCL)
    add_library(ip2p_torch_cuda SHARED IMPORTED)
    set_target_properties(ip2p_torch_cuda PROPERTIES IMPORTED_LOCATION ${IP2P_TORCH}/lib/libtorch_cuda.so)
    add_library(ip2p_torch_nccl INTERFACE)
    target_compile_definitions(ip2p_torch_nccl INTERFACE USE_C10D_NCCL)
    target_include_directories(ip2p_torch_nccl SYSTEM INTERFACE
      ${IP2P_TORCH}/../nvidia/nccl/include ${ip2p_cuda_include})
    target_link_libraries(ip2p_torch_nccl INTERFACE ip2p_torch ip2p_torch_cuda)
  endif()
endif()
