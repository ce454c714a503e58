"""What of scikit-learn segments use; it is loaded only where segments are made, not where a report speaks of them."""

from sklearn.cluster import KMeans as KMeans
from sklearn.mixture import GaussianMixture as GaussianMixture
from sklearn.model_selection import StratifiedKFold as StratifiedKFold
from sklearn.model_selection import cross_val_predict as cross_val_predict
from sklearn.tree import DecisionTreeClassifier as DecisionTreeClassifier
