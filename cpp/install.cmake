# What `cmake --install` gives to programs outside: the C interface (include/sotto.h) as a shared
# library which shows nothing else, the static library with the C++ headers, a CMake package and a
# pkg-config file. A wheel has none of it.
if(NOT SOTTO_BUILD_LIBRARY)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

file(GLOB SOTTO_C_SOURCES CONFIGURE_DEPENDS src/capi/*.cc)
add_library(sotto_shared SHARED ${SOTTO_C_SOURCES})
sotto_compile_folders(sotto_shared)
target_include_directories(sotto_shared PUBLIC $<INSTALL_INTERFACE:include> PRIVATE src)
target_compile_options(sotto_shared PRIVATE ${SOTTO_WARNINGS})
target_compile_definitions(sotto_shared PRIVATE SOTTO_BUILDING INTERFACE SOTTO_SHARED)
target_link_libraries(sotto_shared PRIVATE sotto)
set_target_properties(
  sotto_shared
  PROPERTIES OUTPUT_NAME sotto
             EXPORT_NAME sotto
             CXX_VISIBILITY_PRESET hidden
             VISIBILITY_INLINES_HIDDEN ON
             VERSION ${PROJECT_VERSION}
             SOVERSION ${PROJECT_VERSION_MAJOR})
set_target_properties(sotto PROPERTIES EXPORT_NAME sotto_static)
if(NOT APPLE AND NOT WIN32)
  # Templates of the C++ library would be shown otherwise, and mix with the host program's.
  set(SOTTO_SYMBOLS ${CMAKE_CURRENT_SOURCE_DIR}/abi/sotto.map)
  target_link_options(sotto_shared PRIVATE -Wl,--version-script=${SOTTO_SYMBOLS})
  set_target_properties(sotto_shared PROPERTIES LINK_DEPENDS ${SOTTO_SYMBOLS})
endif()

set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME library)
install(TARGETS sotto_shared sotto EXPORT SottoTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES include/sotto.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/sotto DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET sotto-native)
  install(TARGETS sotto-native DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

set(SOTTO_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Sotto)
install(EXPORT SottoTargets NAMESPACE Sotto:: DESTINATION ${SOTTO_PACKAGE_DIR})
configure_package_config_file(
  package/SottoConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/SottoConfig.cmake
  INSTALL_DESTINATION ${SOTTO_PACKAGE_DIR})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/SottoConfigVersion.cmake
                                 COMPATIBILITY SameMajorVersion)
configure_file(package/sotto.pc.in ${CMAKE_CURRENT_BINARY_DIR}/sotto.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/SottoConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/SottoConfigVersion.cmake
        DESTINATION ${SOTTO_PACKAGE_DIR})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/sotto.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
