"""The pages that the shell itself brings."""

from app.console.account_page import AccountView
from app.console.home import HomeApi
from app.console.jobs_page import JobView
from app.console.saved_views_page import SavedViewView
from app.console.search_page import SearchView
from app.console.shops_page import ShopView
from app.console.staff_page import StaffView

VIEWS = (HomeApi, JobView, SavedViewView, SearchView, AccountView, ShopView, StaffView)
