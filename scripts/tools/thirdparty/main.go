// Command thirdparty writes the .proto files our contract imports, and those its
// errors carry details of, printed from the descriptors linked into the Go packages that are used at run time, so
// that text and code cannot drift apart.
package main

import (
	"fmt"
	"os"

	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/jhump/protoreflect/v2/protoprint"
	_ "google.golang.org/genproto/googleapis/api/annotations"
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	_ "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: thirdparty DIR")
		os.Exit(2)
	}
	printer := protoprint.Printer{}
	for _, path := range []string{"buf/validate/validate.proto", "google/api/http.proto", "google/api/annotations.proto", "google/rpc/status.proto", "google/rpc/error_details.proto"} {
		file, err := protoregistry.GlobalFiles.FindFileByPath(path)
		if err == nil {
			err = printer.PrintProtosToFileSystem([]protoreflect.FileDescriptor{file}, os.Args[1])
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, path+":", err)
			os.Exit(1)
		}
	}
}
