package store

import (
	"testing"

	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }
