package workitems_test

import (
	"testing"

	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }
