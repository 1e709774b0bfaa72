package egress_test

import (
	"testing"

	"github.com/noticehub/noticehub/pkg/egress"
)

func TestSecretsGoToSealedAddressesOnly(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://sign-in.example": true, "https://sign-in.example:8443/realms/x": true,
		"http://localhost:1234": true, "http://127.0.0.1": true, "http://[::1]:80/x": true,
		"": false, "x": false, "https://": false, "https:sign-in.example": false, "http://sign-in.example": false, "http://10.0.0.1": false,
		"http://127.0.0.1.example": false, "http://localhost.example": false, "ftp://127.0.0.1": false,
		"https://user:word@sign-in.example": false, "https://sign-in.example#x": false, "http://[::1": false,
	} {
		if err := egress.Sealed(address); (err == nil) != want {
			t.Errorf("%q: %v", address, err)
		}
	}
}
