# What is installed: headers, both libraries, the CMake package (gonet::gonet, gonet::static) and
# gonet.pc. Everything finds its prefix from where it lies, so that the tree can be moved.
include(CMakePackageConfigHelpers)

install(TARGETS gonet_shared gonet_static EXPORT gonet)
install(FILES "${PROJECT_SOURCE_DIR}/include/gonet.h" TYPE INCLUDE)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/gonet" TYPE INCLUDE FILES_MATCHING PATTERN "*.h")

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/gonet")
install(EXPORT gonet NAMESPACE gonet:: FILE gonetTargets.cmake DESTINATION "${package_dir}")
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/gonetConfig.cmake.in" "${PROJECT_BINARY_DIR}/gonetConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/gonetConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/gonetConfig.cmake"
              "${PROJECT_BINARY_DIR}/gonetConfigVersion.cmake" DESTINATION "${package_dir}")

# An absolute CMAKE_INSTALL_LIBDIR or CMAKE_INSTALL_INCLUDEDIR stays as it is.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
else()
  file(RELATIVE_PATH up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" up "${up}")
  set(pc_prefix "\${pcfiledir}/${up}")
endif()
foreach(dir IN ITEMS LIBDIR INCLUDEDIR)
  set(pc_${dir} "\${prefix}")
  cmake_path(APPEND pc_${dir} "${CMAKE_INSTALL_${dir}}")
endforeach()
configure_file("${PROJECT_SOURCE_DIR}/cmake/gonet.pc.in" "${PROJECT_BINARY_DIR}/gonet.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/gonet.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

# gdb's commands for tasks; once more where gdb of the same prefix looks when it loads the library.
set(gdb_script "${PROJECT_SOURCE_DIR}/src/runtime/debug/gonet-gdb.py")
install(FILES "${gdb_script}" DESTINATION "${CMAKE_INSTALL_DATADIR}/gonet")
install(FILES "${gdb_script}" RENAME "$<TARGET_FILE_NAME:gonet_shared>-gdb.py"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/gdb/auto-load${CMAKE_INSTALL_FULL_LIBDIR}")
