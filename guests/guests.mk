# The teaching OS, its library and its programs, and the packs that it finds them in.
#   $(G)/os.elf          the kernel
#   $(G)/os-pv.elf       the same, paravirtual: runs in a VM of technique para
#   $(G)/user/NAME.elf   a program, with symbols and debug information
#   $(G)/programs.pack   all programs, stripped, and the files of guests/files
#   $(G)/disk.img        a disk with the files of guests/disk, and a program: visitor, which is
#                        hello under a name that only the disk has

GUESTS_LIB_SRC := $(wildcard guests/lib/*.c guests/lib/*.S)
GUESTS_LIB_OBJ := $(addprefix $(G)/,$(addsuffix .o,$(basename $(GUESTS_LIB_SRC))))

# The kernel takes only the parts of the library that make no system calls. It is built twice: for
# the bare machine, and for a monitor that it knows of (guests/os/arch.h).
OS_SRC := $(wildcard guests/os/*.c guests/os/*.S) guests/lib/string.c guests/lib/format.c \
          guests/lib/divide.c guests/lib/errors.c
OS_NATIVE := $(OS_SRC) $(wildcard guests/os/native/*.c guests/os/native/*.S)
OS_PV := $(OS_SRC) $(wildcard guests/os/pv/*.c guests/os/pv/*.S)
OS_OBJ := $(addprefix $(G)/,$(addsuffix .o,$(basename $(OS_NATIVE))))
OS_PV_OBJ := $(addprefix $(G)/pv/,$(addsuffix .o,$(basename $(OS_PV))))

USER_NAMES := $(sort $(basename $(notdir $(wildcard guests/user/*.c))))
USER_ELFS := $(USER_NAMES:%=$(G)/user/%.elf)
USER_STRIPPED := $(USER_NAMES:%=$(G)/stripped/%.elf)
USER_FILES := $(sort $(wildcard guests/files/*))
DISK_FILES := $(sort $(wildcard guests/disk/*))
USER_PARTS = $(G)/guests/user/$*.o $(G)/guests/crt/start.o

GUESTS += $(G)/os.elf $(G)/os-pv.elf $(G)/programs.pack $(G)/disk.img $(USER_ELFS)

$(G)/os.elf: $(OS_OBJ) guests/os/os.ld
	$(call say,GLD,$@)
	$(Q)$(GUEST_LD) $(GUEST_LDFLAGS) -T guests/os/os.ld -o $@ $(OS_OBJ)

$(G)/os-pv.elf: $(OS_PV_OBJ) guests/os/os.ld
	$(call say,GLD,$@)
	$(Q)$(GUEST_LD) $(GUEST_LDFLAGS) -T guests/os/os.ld -o $@ $(OS_PV_OBJ)

$(G)/pv/%.o: %.c Makefile $(GUEST_HEADER)
	@mkdir -p $(@D)
	$(call say,GCC,$@)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -DOS_PV -MMD -MP -c $< -o $@

$(G)/pv/%.o: %.S Makefile $(GUEST_HEADER)
	@mkdir -p $(@D)
	$(call say,GAS,$@)
	$(Q)$(GUEST_CC) $(GUEST_FLAGS) -MMD -MP -c $< -o $@

$(G)/libguest.a: $(GUESTS_LIB_OBJ)
	$(call say,GAR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(G)/user/%.elf: $(G)/guests/user/%.o $(G)/guests/crt/start.o $(G)/libguest.a guests/crt/user.ld
	@mkdir -p $(@D)
	$(call say,GLD,$@)
	$(Q)$(GUEST_LD) $(GUEST_LDFLAGS) -T guests/crt/user.ld -o $@ $(USER_PARTS) $(G)/libguest.a

$(G)/stripped/%.elf: $(G)/guests/user/%.o $(G)/guests/crt/start.o $(G)/libguest.a guests/crt/user.ld
	@mkdir -p $(@D)
	$(Q)$(GUEST_LD) $(GUEST_LDFLAGS) --strip-all -T guests/crt/user.ld -o $@ $(USER_PARTS) $(G)/libguest.a

build/tool/mkpack: tools/mkpack.c guests/pack.h guests/abi.h guests/errors.def
	@mkdir -p $(@D)
	$(call say,HOST,$@)
	$(Q)$(CC) -std=c11 $(WARN) -I. -O1 $< -o $@

$(G)/programs.pack: build/tool/mkpack $(USER_STRIPPED) $(USER_FILES)
	$(call say,PACK,$@)
	$(Q)build/tool/mkpack $@ $(USER_STRIPPED) $(USER_FILES)

$(G)/stripped/visitor.elf: $(G)/stripped/hello.elf
	$(Q)cp $< $@

$(G)/disk.img: build/tool/mkpack $(DISK_FILES) $(G)/stripped/visitor.elf
	$(call say,PACK,$@)
	$(Q)build/tool/mkpack --disk $@ $(DISK_FILES) $(G)/stripped/visitor.elf
